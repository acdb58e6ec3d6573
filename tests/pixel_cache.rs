//! Pixels kept between candidates and runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Story, read_json};

const MODEL: &str = "fixtures/models/classifier.fp32.onnx";

/// A folder of images, a cache and a place for records of their own.
struct Desk(tempfile::TempDir);

impl Desk {
    fn with_shapes() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images/shapes"), &desk.data());
        desk
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("shapes")
    }

    /// The files of the cache.
    fn kept(&self) -> Vec<PathBuf> {
        let Ok(folder) = self.0.path().join("cache/pixels").read_dir() else { return Vec::new() };
        folder.map(|entry| entry.unwrap().path()).collect()
    }

    /// Evaluates the model; the number of images whose pixels were there, and the predictions.
    fn run(&self, name: &str, more: &[&str]) -> (u64, Vec<u8>) {
        let out = self.0.path().join(format!("{name}.json"));
        let (data, out_text) = (self.data(), out.display().to_string());
        let arguments = [MODEL, "--data", data.to_str().unwrap(), "-o", &out_text, "--accuracy-only"];
        Story::new("run")
            .args(&arguments)
            .args(&["--runtime", "fake"])
            .args(more)
            .env("BENCH_CACHE_DIR", self.0.path().join("cache").to_str().unwrap())
            .run()
            .exits(0);
        let found = read_json(&out)["evidence"]["evaluation"]["from_cache"].as_u64().unwrap_or(0);
        (found, fs::read(out.with_file_name(format!("{name}.predictions.parquet"))).unwrap())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &target)
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn the_second_run_decodes_nothing_and_predicts_the_same() {
    let desk = Desk::with_shapes();
    let (found, first) = desk.run("first", &[]);
    assert_eq!((found, desk.kept().len()), (0, 1));
    let (found, second) = desk.run("second", &[]);
    assert_eq!(found, 12);
    assert!(first == second, "the predictions are the same");
}

#[test]
fn other_settings_of_pixels_are_kept_apart_and_other_scales_are_not() {
    let desk = Desk::with_shapes();
    desk.run("first", &[]);
    assert_eq!(desk.run("scaled", &["--scale", "signed"]).0, 12);
    assert_eq!(desk.run("filtered", &["--filter", "nearest"]).0, 0);
    assert_eq!(desk.kept().len(), 2);
}

#[test]
fn an_image_that_changed_is_decoded_anew() {
    let desk = Desk::with_shapes();
    desk.run("first", &[]);
    let image = desk.data().join("circle/2.png");
    let later = fs::metadata(&image).unwrap().modified().unwrap() + std::time::Duration::from_secs(5);
    fs::File::options().append(true).open(&image).unwrap().set_modified(later).unwrap();
    assert_eq!(desk.run("second", &[]).0, 11);
    assert_eq!(desk.run("third", &[]).0, 12);
}

#[test]
fn a_damaged_cache_costs_time_and_nothing_else() {
    let desk = Desk::with_shapes();
    let (_, first) = desk.run("first", &[]);
    let path = desk.kept().remove(0);
    let mut bytes = fs::read(&path).unwrap();
    for place in (40..bytes.len()).step_by(97) {
        bytes[place] ^= 0x10;
    }
    fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    let (found, second) = desk.run("second", &[]);
    assert!(found < 12, "{found} slots were believed");
    assert!(first == second);
    assert_eq!(desk.run("third", &[]).0, 12, "it mends itself");
}

#[test]
fn without_room_nothing_is_kept() {
    let desk = Desk::with_shapes();
    for (name, size) in [("none", "0"), ("little", "500B")] {
        assert_eq!(desk.run(name, &["--cache-size", size]).0, 0);
    }
    assert_eq!(desk.kept().len(), 0);
}
