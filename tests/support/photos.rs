//! Photographs that are made on the spot, in a folder of their own.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use libjpeg_turbo_rs::{PixelFormat, Subsampling};
use serde_json::Value;

use crate::support::{Ending, Story, read_json};

/// A picture in red, green and blue that looks like no other `seed`'s at any size.
#[derive(Clone, Copy)]
pub struct Picture {
    seed: u32,
    width: u32,
    height: u32,
}

impl Picture {
    pub fn new(seed: u32) -> Self {
        Self { seed, width: 96, height: 72 }
    }

    pub fn sized(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    /// Waves whose lengths and places come from the seed.
    pub fn pixels(self) -> Vec<u8> {
        let noise = |place: u32| {
            let mixed = (self.seed + 1).wrapping_mul(2_654_435_761) ^ (place + 1).wrapping_mul(2_246_822_519);
            f64::from((mixed ^ mixed >> 15).wrapping_mul(3_266_489_917) >> 8) / f64::from(1 << 24)
        };
        let wave = |x: f64, y: f64, channel: u32| {
            let each = (0..4).map(|wave| {
                let at = |place: u32| noise(wave * 8 + place);
                let (right, down) = (18.0 * at(0) - 9.0, 18.0 * at(1) - 9.0);
                (right * x + down * y + 6.3 * at(2) + f64::from(channel) * at(3)).sin()
            });
            (127.5 + 30.0 * each.sum::<f64>()) as u8
        };
        let mut pixels = Vec::new();
        for y in 0..self.height {
            for x in 0..self.width {
                let (x, y) = (f64::from(x) / f64::from(self.width), f64::from(y) / f64::from(self.height));
                pixels.extend((0..3).map(|channel| wave(x, y, channel)));
            }
        }
        pixels
    }

    /// Writes it as PNG or BMP, by the ending.
    pub fn save(self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let colour = image::ExtendedColorType::Rgb8;
        image::save_buffer(path, &self.pixels(), self.width, self.height, colour).unwrap();
    }

    pub fn save_jpeg(self, path: &Path, quality: u8) {
        let (width, height) = (self.width as usize, self.height as usize);
        let (format, sampling) = (PixelFormat::Rgb, Subsampling::S420);
        let bytes = libjpeg_turbo_rs::compress(&self.pixels(), width, height, format, quality, sampling);
        fs::write(path, bytes.unwrap()).unwrap();
    }
}

/// A folder of images that goes away with the test.
pub struct Desk(tempfile::TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// `each` pictures of every class in a folder, no two alike.
    pub fn with(classes: &[&str], each: u32) -> Self {
        let desk = Self::new();
        for (number, class) in classes.iter().enumerate() {
            for index in 0..each {
                let picture = Picture::new(1000 * number as u32 + index);
                picture.save(&desk.path(&format!("photos/{class}/{index}.png")));
            }
        }
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn photos(&self) -> String {
        self.text("photos")
    }

    pub fn copy(&self, from: &str, to: &str) {
        fs::create_dir_all(self.path(to).parent().unwrap()).unwrap();
        fs::copy(self.path(from), self.path(to)).unwrap();
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// `bench data` of the photos.
    pub fn data(&self, more: &[&str]) -> Ending {
        Story::new("data").args(&[&self.photos()]).args(more).run().keeps_its_manners()
    }

    /// What `--json` wrote.
    pub fn found(&self, more: &[&str]) -> Value {
        let json = self.text("data.json");
        self.data(&[&["--json", &json, "-q"], more].concat()).exits(0);
        read_json(Path::new(&json))
    }

    /// The ids of a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.path(name)).unwrap().lines().map(str::to_owned).collect()
    }
}

/// The codes of the remarks.
pub fn remarks(found: &Value) -> Vec<&str> {
    found["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap()).collect()
}
