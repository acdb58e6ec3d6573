//! The images on which the predictions differ, with their pictures where there are any.

use super::super::gallery::{FlipCard, Gallery};
use super::super::markup::escape;
use super::super::picture::{Picture, Pictures};
use super::Section;
use super::element::{about, sign, tone_class};

const ABOUT: &str = "Images that a candidate predicts otherwise than the baseline, the worst first: lost ones, then \
                     those wrong in another way, then those won; within each the firmest first. The number after a \
                     prediction is its margin, the highest probability less the second: a firm one that flipped is \
                     no accident of rounding.";

/// The section; none where no candidate was evaluated on the baseline's images.
pub(super) fn section(galleries: &[Gallery], pictures: &Pictures) -> Option<Section> {
    if galleries.is_empty() {
        return None;
    }
    let note = pictures.note.as_deref().map(about).unwrap_or_default();
    let all: String = galleries.iter().map(|gallery| of_run(gallery, pictures)).collect();
    Some(Section { id: "flips", title: "Flips", body: about(ABOUT) + &note + &all })
}

fn of_run(gallery: &Gallery, pictures: &Pictures) -> String {
    let picture = |card: &FlipCard| pictures.by_id.get(&(gallery.reference, card.id.clone()));
    let cards: String = gallery.cards.iter().map(|card| one(card, picture(card))).collect();
    let list = if cards.is_empty() { String::new() } else { format!("<ul class=\"flips\">{cards}</ul>") };
    let rest = if gallery.rest.is_empty() { String::new() } else { about(&gallery.rest) };
    let (label, total) = (escape(&gallery.label), escape(&gallery.total));
    format!("<h3>{label}: predictions differ on {total}</h3>{list}{rest}\n")
}

fn one(card: &FlipCard, picture: Option<&Picture>) -> String {
    let said = |(class, margin): &(String, String)| {
        format!("<bdi>{}</bdi> <span class=\"dim\">{}</span>", escape(class), escape(margin))
    };
    format!(
        "<li class=\"flip\">{image}<dl><dt class=\"hidden\">what happened</dt><dd class=\"what {tone}\">{what}{sign}</dd>\
         <dt>truth</dt><dd><bdi>{truth}</bdi></dd><dt>baseline</dt><dd>{before}</dd>\
         <dt>candidate</dt><dd>{after}</dd><dt class=\"hidden\">image</dt><dd class=\"id\"><bdi>{name}</bdi></dd></dl></li>\n",
        image = picture.map(|picture| image(picture, card)).unwrap_or_default(),
        tone = tone_class(card.tone),
        what = escape(card.what),
        sign = sign(card.tone),
        truth = escape(&card.truth),
        before = said(&card.before),
        after = said(&card.after),
        name = escape(&card.name),
    )
}

fn image(picture: &Picture, card: &FlipCard) -> String {
    let tiny = if picture.is_tiny() { " class=\"tiny\"" } else { "" };
    format!(
        "<img{tiny} src=\"{}\" width=\"{}\" height=\"{}\" loading=\"lazy\" alt=\"{}, a {}\">",
        picture.data_uri(),
        picture.width,
        picture.height,
        escape(&card.name),
        escape(&card.truth)
    )
}
