//! Drawings as pixels, for places that take no SVG. Always light: pixels cannot follow their reader.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use super::Svg;
use crate::error::{Error, Result};

/// Pixels for each pixel of the drawing and side: sharp on dense screens.
const SCALE: f32 = 2.0;

/// Fonts that have every sign of a chart, in the order of taste.
const FAMILIES: [&str; 7] =
    ["Inter", "Noto Sans", "DejaVu Sans", "Liberation Sans", "Segoe UI", "Helvetica Neue", "Arial"];

/// The fonts of this system.
pub struct Fonts(usvg::Options<'static>);

impl Fonts {
    /// Finds them. Fails where there is none: the charts would have no text.
    pub fn of_system() -> Result<Self> {
        let mut options = usvg::Options::default();
        let fonts = options.fontdb_mut();
        fonts.load_system_fonts();
        let family = family(fonts).ok_or_else(|| {
            Error::unavailable("charts cannot be written as PNG: there is no font for their text here")
                .help("install one (fonts-dejavu-core on Debian), or write SVG: --plot-format svg")
        })?;
        fonts.set_sans_serif_family(family.as_str());
        // Where none of a text's families is found, this one is asked for.
        fonts.set_serif_family(family.as_str());
        options.font_family = family;
        Ok(Self(options))
    }
}

fn family(fonts: &fontdb::Database) -> Option<String> {
    let names: Vec<&str> =
        fonts.faces().flat_map(|face| &face.families).map(|(name, _)| name.as_str()).collect();
    let liked = FAMILIES.into_iter().find(|name| names.contains(name));
    liked.or_else(|| names.first().copied()).map(str::to_owned)
}

/// `drawing` as a PNG file, two pixels for one.
pub fn png(drawing: &Svg, fonts: &Fonts) -> Result<Vec<u8>> {
    let failed = || Error::unusable("a chart cannot be drawn as PNG").help("write SVG: --plot-format svg");
    let tree = usvg::Tree::from_str(&drawing.light(), &fonts.0).map_err(|error| failed().because(error))?;
    let size = tree.size().to_int_size().scale_by(SCALE).ok_or_else(failed)?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(failed)?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed().because(error))
}

#[cfg(test)]
mod tests {
    use super::super::Heading;
    use super::super::svg::Anchor;
    use super::*;

    #[test]
    fn a_drawing_becomes_a_picture_with_its_colours() {
        // A machine without fonts cannot draw text, and says so.
        let Ok(fonts) = Fonts::of_system() else { return };
        let heading = Heading { title: "t".into(), description: "d".into() };
        let mut drawing = Svg::new(heading, 60.0, 40.0);
        drawing.open("s1");
        drawing.rect("fill", (0.0, 20.0), (60.0, 20.0));
        drawing.close();
        drawing.text("name", Anchor::Start, (4.0, 14.0), "ort · int8");
        let picture = image::load_from_memory(&png(&drawing, &fonts).unwrap()).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), (120, 132));
        assert_eq!(picture.get_pixel(60, 110).0, [0x00, 0x72, 0xb2]);
        assert_eq!(picture.get_pixel(0, 0).0, [0xff; 3]);
        let dark = picture.enumerate_pixels().filter(|(_, y, pixel)| *y < 90 && pixel.0[0] < 100).count();
        assert!(dark > 100, "the text is drawn");
    }
}
