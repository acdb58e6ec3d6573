//! A drawing in the making. Places are in pixels of the drawing's own size, from the upper left.

use std::fmt::Write as _;

use super::super::layout;
use super::super::markup::escape;
use super::{Heading, palette};

/// Room for the title of a drawing that stands alone.
const HEAD: f64 = 26.0;

/// Pixels of a letter in such a title, at most.
const LETTER: f64 = 7.2;

/// A place.
pub type At = (f64, f64);

/// Where a text stands relative to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// A drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Svg {
    heading: Heading,
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    /// An empty drawing of this size.
    pub fn new(heading: Heading, width: f64, height: f64) -> Self {
        Self { heading, width, height, body: String::new() }
    }

    /// What it is called and shows.
    pub fn heading(&self) -> &Heading {
        &self.heading
    }

    /// Its width in pixels.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Everything until the next [`Svg::close`] gets `class`.
    pub fn open(&mut self, class: &str) {
        self.add(format_args!("<g class=\"{class}\">"));
    }

    /// Ends what [`Svg::open`] began.
    pub fn close(&mut self) {
        self.add(format_args!("</g>"));
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, from: At, to: At) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(place);
        self.add(format_args!("<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>"));
    }

    /// A path in the language of SVG, made with `place`.
    pub fn path(&mut self, class: &str, commands: &str) {
        if !commands.is_empty() {
            self.add(format_args!("<path class=\"{class}\" d=\"{commands}\"/>"));
        }
    }

    /// A rectangle by its upper left corner and its size.
    pub fn rect(&mut self, class: &str, corner: At, size: (f64, f64)) {
        let [x, y, width, height] = [corner.0, corner.1, size.0, size.1].map(place);
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        ));
    }

    /// A disc; a mouse that rests on it is shown `tip`, where there is one.
    pub fn circle(&mut self, class: &str, middle: At, radius: f64, tip: &str) {
        let [x, y, r] = [middle.0, middle.1, radius].map(place);
        let tip = if tip.is_empty() { String::new() } else { format!("<title>{}</title>", escape(tip)) };
        self.add(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\">{tip}</circle>"));
    }

    /// A line of text on its baseline.
    pub fn text(&mut self, class: &str, anchor: Anchor, at: At, text: &str) {
        let (x, y, class) = (place(at.0), place(at.1), with_anchor(class, anchor));
        self.add(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escape(text)));
    }

    /// A line of text that rises from its place.
    pub fn rising_text(&mut self, class: &str, anchor: Anchor, at: At, text: &str) {
        let (x, y, class) = (place(at.0), place(at.1), with_anchor(class, anchor));
        self.add(format_args!(
            "<text class=\"{class}\" transform=\"translate({x} {y}) rotate(-90)\">{}</text>",
            escape(text)
        ));
    }

    /// The drawing as a part of a page that has the rules of [`palette::rules`].
    pub fn embedded(&self) -> String {
        self.document("", 0.0, "")
    }

    /// The drawing as a file: with its own colours, light or dark as the reader's system is.
    pub fn standalone(&self) -> String {
        self.file(&palette::standalone())
    }

    /// The same, always light.
    pub fn light(&self) -> String {
        self.file(&palette::light())
    }

    /// On a page the title stands below; a file has it above.
    fn file(&self, rules: &str) -> String {
        let title = layout::cut(&self.heading.title, (self.width / LETTER) as usize, "…");
        let before = format!(
            "<style>{rules}</style><rect class=\"ground\" y=\"-{HEAD}\" width=\"100%\" height=\"100%\"/>\
             <text class=\"name\" x=\"8\" y=\"-9\">{}</text>",
            escape(&title)
        );
        self.document(" xmlns=\"http://www.w3.org/2000/svg\"", HEAD, &before) + "\n"
    }

    fn document(&self, namespace: &str, head: f64, before: &str) -> String {
        let [width, height, top] = [self.width, self.height + head, -head].map(place);
        let [title, description] = [&self.heading.title, &self.heading.description].map(|text| escape(text));
        format!(
            "<svg{namespace} class=\"chart\" role=\"img\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 {top} {width} {height}\"><title>{title}</title><desc>{description}</desc>{before}{}</svg>",
            self.body
        )
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(element);
    }
}

fn with_anchor(class: &str, anchor: Anchor) -> String {
    let anchor = match anchor {
        Anchor::Start => return class.to_owned(),
        Anchor::Middle => "mid",
        Anchor::End => "end",
    };
    format!("{class} {anchor}").trim_start().to_owned()
}

/// A coordinate: a hundredth of a pixel is more than can be seen.
pub fn place(coordinate: f64) -> String {
    let text = format!("{coordinate:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// The command to go to, or draw to, a place.
pub fn step(command: char, at: At) -> String {
    format!("{command}{} {}", place(at.0), place(at.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing() -> Svg {
        let heading = Heading { title: "a <b>".into(), description: "\"quoted\"".into() };
        let mut svg = Svg::new(heading, 100.0, 50.0);
        svg.text("label", Anchor::End, (10.0, 20.5), "</text><script>");
        svg.circle("dot", (1.0, 2.0), 3.0, "5 & 6");
        svg
    }

    #[test]
    fn coordinates_have_no_digit_too_many() {
        assert_eq!([1.0, 0.5, 1.0 / 3.0, -0.001, 120.0].map(place), ["1", "0.5", "0.33", "0", "120"]);
    }

    #[test]
    fn whatever_is_written_stays_text() {
        let text = drawing().embedded();
        assert!(!text.contains("<script>") && text.contains("&lt;/text&gt;&lt;script&gt;"), "{text}");
        assert!(text.contains("<title>a &lt;b&gt;</title><desc>&quot;quoted&quot;</desc>"), "{text}");
        assert!(text.contains("class=\"label end\" x=\"10\" y=\"20.5\""), "{text}");
    }

    #[test]
    fn a_file_of_its_own_has_its_colours_and_its_namespace() {
        let text = drawing().standalone();
        assert!(text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{text}");
        assert!(text.contains("<style>") && !text.contains("var(--"), "every viewer knows the colours");
        assert!(text.contains("viewBox=\"0 -26 100 76\"") && text.contains(">a &lt;b&gt;</text>"), "{text}");
        assert!(!drawing().embedded().contains("<style>"));
    }
}
