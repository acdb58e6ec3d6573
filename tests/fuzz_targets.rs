//! The fuzz targets, compiled with everything else and run over what they start from and what they
//! once found. `fuzz/run.sh` does the fuzzing itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fuzz::TARGETS;

/// Largest seed, as in `fuzz/seed.sh`.
const MAX_BYTES: u64 = 100_000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files that each target starts from.
fn seeds() -> BTreeMap<String, Vec<PathBuf>> {
    let text = fs::read_to_string(root().join("fuzz/seeds.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let of = |line: &str| {
        let mut words = line.split_whitespace();
        let target = words.next().unwrap().to_owned();
        let own = format!("fuzz/seeds/{target}");
        let paths = words.map(str::to_owned).chain([own]).flat_map(|path| matching(&path));
        let files = paths.flat_map(|path| files(&path));
        (target, files.collect())
    };
    lines.map(of).collect()
}

/// The path itself, or with `/*` at its end what is in that folder.
fn matching(path: &str) -> Vec<PathBuf> {
    match path.strip_suffix("/*") {
        Some(folder) => {
            fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect()
        }
        None => vec![root().join(path)],
    }
}

fn files(path: &Path) -> Vec<PathBuf> {
    let inside = fs::read_dir(path).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
    let mut files: Vec<PathBuf> = inside.unwrap_or_else(|_| vec![path.to_owned()]);
    files.retain(|file| file.metadata().is_ok_and(|about| about.is_file() && about.len() < MAX_BYTES));
    files
}

#[test]
fn every_target_reads_its_seeds_and_what_is_left_of_them() {
    let seeds = seeds();
    for (name, target) in TARGETS {
        assert!(!seeds[*name].is_empty(), "{name} has no seeds");
        target(b"");
        for file in &seeds[*name] {
            let bytes = fs::read(file).unwrap();
            target(&bytes);
            target(&bytes[..bytes.len() / 2]);
        }
    }
}

#[test]
fn every_target_has_its_program_and_its_seeds() {
    let named = |name: &str| format!("path = \"fuzz_targets/{name}.rs\"");
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let program = fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("onnx_bench_fuzz::{name}(bytes)")), "{name}");
        assert!(manifest.contains(&named(name)), "{name} is in no [[bin]]");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    assert!(
        seeds().keys().eq(TARGETS.iter().map(|(name, _)| *name).collect::<std::collections::BTreeSet<_>>())
    );
}
