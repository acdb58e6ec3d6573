//! Examples of each class on one picture, a row a class, with the class's name: wrong labels, turned
//! photographs and strange crops are seen at a glance.

mod canvas;

use canvas::{Canvas, Colour, LETTER_WIDTH, LINE};

use super::layout::{cut, wrap};
use crate::preprocess::Image;

/// Most classes that one sheet shows.
pub const MOST_CLASSES: usize = 300;

const PAPER: Colour = [255; 3];
const STRIPE: Colour = [242, 244, 247];
const INK: Colour = [24, 24, 24];
const PALE: Colour = [110, 110, 110];
/// Space around pictures and text, pixels.
const GAP: u32 = 4;
/// Letters of a line beside a row.
const LETTERS: u32 = 14;

/// One class.
#[derive(Clone, Debug)]
pub struct SheetRow {
    /// Its name.
    pub name: String,
    /// What stands below the name.
    pub note: String,
    /// Its examples in colour, none larger than the side of the [`Sheet`].
    pub pictures: Vec<Image>,
}

/// How large everything is: the more classes, the smaller the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Longer side of a picture, pixels.
    pub side: u32,
    /// Pictures of a class.
    pub each: u32,
    /// Columns of rows beside each other.
    columns: u32,
    /// Rows in a column.
    rows: u32,
}

impl Sheet {
    /// A sheet for `classes` classes with `each` pictures.
    pub fn of(classes: usize, each: usize) -> Self {
        let (side, columns) = match classes {
            0..=5 => (160, 1),
            6..=20 => (96, 1),
            21..=60 => (72, 2),
            _ => (56, 3),
        };
        let classes = u32::try_from(classes.clamp(1, MOST_CLASSES)).unwrap_or(1);
        Self { side, each: u32::try_from(each).unwrap_or(1), columns, rows: classes.div_ceil(columns) }
    }

    /// Width of a column.
    fn width(&self) -> u32 {
        LETTERS * LETTER_WIDTH + 2 * GAP + self.each * (self.side + GAP) + GAP
    }

    /// Height of a row.
    fn height(&self) -> u32 {
        self.side + GAP
    }

    /// The picture of `rows` under `title`.
    pub fn draw(&self, title: &str, rows: &[SheetRow]) -> Image {
        let top = LINE + 3 * GAP;
        let mut canvas =
            Canvas::new(self.columns * self.width(), top + self.rows * self.height() + GAP, PAPER);
        let letters = (self.columns * self.width() / LETTER_WIDTH).saturating_sub(1);
        canvas.write(&cut(title, letters as usize, "..."), GAP, GAP, INK);
        for (row, place) in rows.iter().zip(0..self.columns * self.rows) {
            let at = (place / self.rows * self.width(), top + place % self.rows * self.height());
            self.draw_row(&mut canvas, row, at, (place % self.rows).is_multiple_of(2));
        }
        canvas.into_image()
    }

    fn draw_row(&self, canvas: &mut Canvas, row: &SheetRow, (x, y): (u32, u32), striped: bool) {
        if striped {
            canvas.fill((x, y), (self.width() - GAP, self.height()), STRIPE);
        }
        let most = (self.side / LINE).max(2);
        let name = name_in_lines(&row.name, most as usize - 1);
        let lines = name.iter().map(|line| (line.as_str(), INK)).chain([(row.note.as_str(), PALE)]);
        for ((line, colour), at) in lines.zip(0..) {
            canvas.write(line, x + GAP, y + GAP + at * LINE, colour);
        }
        let left = x + LETTERS * LETTER_WIDTH + 2 * GAP;
        for (picture, at) in row.pictures.iter().zip(0..self.each) {
            // In the middle of its square.
            let (right, down) =
                (self.side.saturating_sub(picture.width) / 2, self.side.saturating_sub(picture.height) / 2);
            canvas.put(picture, left + at * (self.side + GAP) + right, y + GAP / 2 + down);
        }
    }
}

/// A name in at most `most` lines of [`LETTERS`] letters.
fn name_in_lines(name: &str, most: usize) -> Vec<String> {
    let letters = LETTERS as usize;
    let whole = wrap(name, letters);
    if whole.len() <= most {
        return whole;
    }
    let mut lines = wrap(&cut(name, letters * most - most, "..."), letters);
    lines.truncate(most);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = [200, 0, 0];

    fn rows(classes: usize, sheet: &Sheet) -> Vec<SheetRow> {
        let (width, height) = (sheet.side, sheet.side / 2);
        let picture = Image { width, height, channels: 3, pixels: RED.repeat((width * height) as usize) };
        let row = |class: usize| SheetRow {
            name: format!("{class} a class of a name that is long"),
            note: "1,000".into(),
            pictures: vec![picture.clone(); sheet.each as usize],
        };
        (0..classes).map(row).collect()
    }

    #[test]
    fn every_picture_of_every_class_is_on_the_sheet() {
        for classes in [1, 2, 10, 21, 100, 299, 300] {
            let sheet = Sheet::of(classes, 8);
            let image = sheet.draw("title", &rows(classes, &sheet));
            assert_eq!(image.pixels.len(), (image.width * image.height * 3) as usize);
            let red = image.pixels.chunks_exact(3).filter(|pixel| *pixel == RED).count();
            assert_eq!(red, classes * 8 * (sheet.side * (sheet.side / 2)) as usize, "{classes}");
            assert!(image.width < 2500 && image.height < 6500, "{}x{}", image.width, image.height);
        }
    }

    #[test]
    fn a_long_name_is_cut_to_its_lines() {
        assert_eq!(name_in_lines("3 cat", 2), ["3 cat"]);
        assert_eq!(name_in_lines("17 Egyptian Mau", 2), ["17 Egyptian", "Mau"]);
        let lines = name_in_lines("281 tabby, tabby cat, or something of that kind", 2);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.chars().count() <= 14), "{lines:?}");
        assert_eq!(name_in_lines(&"x".repeat(100), 1).len(), 1);
    }
}
