//! The table of docs/architecture.md: who may import whom. Evidence and judgement meet in the
//! record and nowhere else.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// For each layer, the layers that it may use besides itself, `error`, `tensor`, `digest`, `json_text` and `regular_file`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("tensor", &[]),
    ("cache", &[]),
    ("digest", &[]),
    ("parquet_metadata", &[]),
    ("json_text", &[]),
    ("regular_file", &[]),
    ("stats", &[]),
    ("preprocess", &[]),
    ("plan", &["preprocess"]),
    ("record", &["plan", "preprocess", "stats", "parquet_metadata"]),
    ("model", &["plan", "record", "preprocess"]),
    ("dataset", &["plan", "record", "preprocess", "parquet_metadata"]),
    ("runtime", &["plan", "record", "cache"]),
    ("measure", &["cache", "plan", "record", "preprocess", "stats", "model", "dataset", "runtime"]),
    ("metric", &["plan", "preprocess", "record", "stats"]),
    ("compare", &["plan", "preprocess", "record", "stats", "metric"]),
    ("gate", &["plan", "record", "stats", "metric", "compare"]),
    ("report", &["plan", "record", "stats", "metric", "compare", "gate", "preprocess"]),
    ("cli", &["*"]),
    ("lib", &["*"]),
    ("main", &["*"]),
];

#[test]
fn every_layer_uses_only_what_it_may() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for (layer, file) in sources() {
        let may = allowed.get(layer.as_str()).unwrap_or_else(|| panic!("{layer} is in no row of the table"));
        let text = fs::read_to_string(&file).unwrap();
        for used in used_layers(&text) {
            let fine = used == layer
                || ["error", "tensor", "digest", "json_text", "regular_file"].contains(&used.as_str())
                || may.contains(&"*");
            if !fine && !may.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "layers are crossed:\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let text = "use crate::plan::Job;\nuse crate::{record, stats::quantile};\nlet x = crate::model::f();\n// crate::cli\n";
    assert_eq!(used_layers(text), ["model", "plan", "record", "stats"]);
}

/// Every source file with the layer that it belongs to.
fn sources() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let layer = |file: &PathBuf| {
        let inside = file.strip_prefix(&root).unwrap();
        Path::new(inside.components().next().unwrap().as_os_str()).with_extension("").display().to_string()
    };
    files.into_iter().map(|file| (layer(&file), file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Layers named after `crate::` in code, sorted, without repeats and without the crate's own names.
fn used_layers(text: &str) -> Vec<String> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut used = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => used.extend(top_level(group).map(first_word)),
            None => used.push(first_word(after)),
        }
    }
    used.retain(|name| MAY_USE.iter().any(|(layer, _)| layer == name));
    used.sort();
    used.dedup();
    used
}

/// The items of a `use crate::{…}` group, without what stands in inner braces.
fn top_level(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let end = group
        .char_indices()
        .find(|&(_, c)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth < 0
        })
        .map_or(group.len(), |(end, _)| end);
    group[..end].split(',')
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
