//! A picture to draw on: rectangles, other pictures, letters.

use font8x8::legacy::{BASIC_LEGACY, LATIN_LEGACY};

use crate::preprocess::Image;

/// Red, green and blue.
pub(super) type Colour = [u8; 3];

/// Side of a letter before it is enlarged, pixels.
const LETTER: u32 = 8;
/// Each pixel of a letter is so many wide and high: letters of 16 pixels can be read on any screen.
const SCALE: u32 = 2;

/// Columns of a line of text, pixels a letter.
pub(super) const LETTER_WIDTH: u32 = LETTER * SCALE;
/// From one line of text to the next, pixels.
pub(super) const LINE: u32 = LETTER * SCALE + 2;

/// Pixels in red, green and blue.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, colour: Colour) -> Self {
        let pixels = colour.repeat(width as usize * height as usize);
        Self { width, height, pixels }
    }

    pub(super) fn into_image(self) -> Image {
        Image { width: self.width, height: self.height, channels: 3, pixels: self.pixels }
    }

    /// Puts `image`, in colour, with its upper left corner at (`x`, `y`). What lies beyond the edge is
    /// cut off.
    pub(super) fn put(&mut self, image: &Image, x: u32, y: u32) {
        let columns = image.width.min(self.width.saturating_sub(x)) as usize * 3;
        let lines = image.pixels.chunks_exact(image.width.max(1) as usize * 3);
        for (line, row) in lines.zip(y..self.height) {
            let start = (row as usize * self.width as usize + x as usize) * 3;
            if let (Some(target), Some(line)) =
                (self.pixels.get_mut(start..start + columns), line.get(..columns))
            {
                target.copy_from_slice(line);
            }
        }
    }

    pub(super) fn fill(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), colour: Colour) {
        let pixels = colour.repeat(width as usize * height as usize);
        self.put(&Image { width, height, channels: 3, pixels }, x, y);
    }

    /// Writes one line of text from (`x`, `y`) on. A letter that is not known is a question mark.
    pub(super) fn write(&mut self, text: &str, x: u32, y: u32, colour: Colour) {
        for (letter, place) in text.chars().zip(0..) {
            for (bits, row) in bitmap(letter).into_iter().zip(0..) {
                let dots = (0..LETTER).filter(|bit| bits >> bit & 1 == 1);
                dots.for_each(|bit| {
                    let at = (x + place * LETTER_WIDTH + bit * SCALE, y + row * SCALE);
                    self.fill(at, (SCALE, SCALE), colour);
                });
            }
        }
    }
}

/// Letters from U+0000 on.
static BASIC: [[u8; 8]; 128] = BASIC_LEGACY;
/// Letters from U+00A0 on.
static LATIN: [[u8; 8]; 96] = LATIN_LEGACY;

/// Rows of a letter from top to bottom, the leftmost dot in the lowest bit.
fn bitmap(letter: char) -> [u8; 8] {
    let code = letter as usize;
    let latin = || LATIN.get(code.checked_sub(0xa0)?);
    BASIC.get(code).or_else(latin).copied().unwrap_or(BASIC[usize::from(b'?')])
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Colour = [255; 3];
    const BLACK: Colour = [0; 3];

    fn written(text: &str) -> Image {
        let mut canvas = Canvas::new(40, 20, WHITE);
        canvas.write(text, 2, 2, BLACK);
        canvas.into_image()
    }

    #[test]
    fn letters_are_told_apart_and_stand_upright() {
        let (upright, lying) = (written("L"), written("_"));
        assert_ne!(upright.pixels, lying.pixels);
        assert_ne!(written("é").pixels, written("e").pixels);
        assert_eq!(written("名").pixels, written("?").pixels);
        // The stem of an L is on the left, its foot at the bottom.
        let dark = |x: u32, y: u32| upright.pixels[(y * 40 + x) as usize * 3] == 0;
        let count = |range: std::ops::Range<u32>| {
            range.flat_map(|x| (0..20).map(move |y| (x, y))).filter(|&(x, y)| dark(x, y)).count()
        };
        assert!(count(0..10) > count(10..20), "{} and {}", count(0..10), count(10..20));
    }

    #[test]
    fn what_lies_beyond_the_edge_is_cut_off() {
        let mut canvas = Canvas::new(4, 3, WHITE);
        canvas.fill((2, 1), (9, 9), BLACK);
        canvas.fill((9, 9), (2, 2), BLACK);
        let image = canvas.into_image();
        let dark: Vec<usize> = (0..12).filter(|at| image.pixels[at * 3] == 0).collect();
        assert_eq!(dark, [6, 7, 10, 11]);
    }
}
