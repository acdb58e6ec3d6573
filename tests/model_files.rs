//! Model files as they lie on disk: what is opened comes back byte for byte, and what is no model is
//! refused in words, whatever its bytes are.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/graphs.rs"]
mod graphs;

use std::fs;
use std::path::{Path, PathBuf};

use onnx_bench::model::ModelFile;
use onnx_bench::model::onnx::ModelProto;
use onnx_bench::{Error, ErrorKind};
use proptest::prelude::*;
use prost::Message;
use tempfile::TempDir;

use graphs::{Desk, fixture, fixtures, with_external};

/// Why `path` is refused; what the error says names the place and what to do.
#[track_caller]
fn refused(path: &Path) -> Error {
    let error = ModelFile::open(path).err().unwrap_or_else(|| panic!("{} was opened", path.display()));
    assert_eq!(error.kind, ErrorKind::Unusable, "{error}");
    assert!(error.place.is_some() && error.help.is_some(), "{error}");
    error
}

#[track_caller]
fn refused_bytes(bytes: &[u8]) -> Error {
    refused(&Desk::new().write("model.onnx", bytes))
}

// ── The format ──────────────────────────────────────────────────────────────────────────────────

#[test]
fn every_model_is_encoded_again_byte_for_byte() {
    for path in fixtures() {
        let bytes = fs::read(&path).unwrap();
        let model = ModelProto::decode(bytes.as_slice()).unwrap();
        assert!(model.encode_to_vec() == bytes, "{} changed", path.display());
    }
}

#[test]
fn weights_are_not_copied_when_a_model_is_decoded() {
    let bytes = prost::bytes::Bytes::from(fs::read(fixture("classifier.fp32")).unwrap());
    let model = ModelProto::decode(bytes.clone()).unwrap();
    let weights = model.graph.unwrap().initializer[0].raw_data.clone().unwrap();
    assert!(bytes.as_ptr_range().contains(&weights.as_ptr()), "weights are slices of the file");
}

// ── What is no model ────────────────────────────────────────────────────────────────────────────

#[test]
fn a_path_that_leads_nowhere_or_to_a_folder_is_named() {
    let desk = Desk::new();
    let error = refused(&desk.path("missing.onnx"));
    assert!(error.what.contains("no such model") && error.place.unwrap().contains("missing.onnx"));
    assert!(refused(desk.folder()).what.contains("folder"));
}

#[test]
fn a_file_of_another_kind_is_called_by_its_name() {
    for (bytes, kind) in [
        (&b""[..], "empty"),
        (b"PK\x03\x04\x14\0\0\0rest of an archive", "zip archive"),
        (b"this is a letter\nto nobody\n", "text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\x89HDF\r\n\x1a\n\0\0", "HDF5"),
        (b"\x80\x02}q\0X", "pickle"),
        (b"\x1c\0\0\0TFL3\0\0", "TensorFlow Lite"),
        (b"\x1c\0\0\0ORTM\0\0", "ORT format"),
        (b"\x1f\x8b\x08\0", "gzip"),
    ] {
        let error = refused_bytes(bytes);
        assert!(error.what.contains(kind), "{kind}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_device_is_not_read_forever() {
    assert!(refused(Path::new("/dev/zero")).what.contains("regular file"));
}

/// Versions of operator sets and notes come last, each an entry of its own: a file cut between two of
/// them is a model like any other, with its graph whole.
#[test]
fn a_model_cut_anywhere_in_its_graph_is_refused() {
    for name in ["classifier.fp32", "classifier.qoperator"] {
        let (desk, bytes) = (Desk::new(), fs::read(fixture(name)).unwrap());
        let whole = ModelProto::decode(bytes.as_slice()).unwrap();
        let bare = ModelProto { opset_import: vec![], metadata_props: vec![], ..whole.clone() };
        let graph_end = bare.encoded_len();
        assert!(graph_end > bytes.len() / 2, "{graph_end}");
        for end in (0..=graph_end).step_by(64).chain([graph_end - 1, graph_end]) {
            refused_bytes(&bytes[..end]);
        }
        for end in graph_end..bytes.len() {
            if let Ok(model) = ModelFile::open(desk.write("cut.onnx", &bytes[..end])) {
                assert_eq!(Some(model.graph()), whole.graph.as_ref());
            }
        }
    }
}

#[test]
fn protobuf_that_lacks_what_makes_a_model_is_refused() {
    let whole = graphs::model(vec![graphs::node("Relu", &["x"], &["y"])]);
    let without = |change: fn(&mut ModelProto)| {
        let mut model = whole.clone();
        change(&mut model);
        refused_bytes(&model.encode_to_vec()).what
    };
    assert!(without(|model| model.graph = None).contains("no graph"));
    assert!(without(|model| model.graph.as_mut().unwrap().node.clear()).contains("no operators"));
    assert!(without(|model| model.graph.as_mut().unwrap().node[0].op_type = None).contains("no type"));
    assert!(without(|model| model.opset_import.clear()).contains("operator set"));
    assert!(ModelFile::open(Desk::new().write("whole.onnx", &whole.encode_to_vec())).is_ok());
}

proptest! {
    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 1..600)) {
        let desk = Desk::new();
        prop_assert!(ModelFile::open(desk.write("model.onnx", &bytes)).is_err());
    }

    /// A few wrong bytes in a model: refused, or opened and described without a panic.
    #[test]
    fn a_damaged_model_never_panics(
        which in 0_usize..6,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let names = ["int8", "qoperator", "dynamic", "fp16", "s8s8", "per-tensor"];
        let mut bytes = fs::read(fixture(&format!("classifier.{}", names[which]))).unwrap();
        for (index, byte) in damage {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        let desk = Desk::new();
        if let Ok(model) = ModelFile::open(desk.write("model.onnx", &bytes)) {
            let _ = (model.identity(), model.signature(), model.fixed_batch(), model.layout());
            let _ = (model.input_port(), model.output_port(None), model.metadata());
        }
    }
}

// ── External data ───────────────────────────────────────────────────────────────────────────────

/// A model whose weights, 8 floats, are said to lie at `entries`.
fn pointing(desk: &Desk, entries: &[(&str, &str)]) -> PathBuf {
    desk.write("model.onnx", &with_external(entries).encode_to_vec())
}

#[test]
fn external_data_is_part_of_size_and_identity() {
    let plain = ModelFile::open(fixture("classifier.fp32")).unwrap();
    assert_eq!(plain.sha256(), plain.file_sha256());
    let desk = Desk::new();
    let path = pointing(&desk, &[("location", "weights.bin")]);
    desk.write("weights.bin", &[1; 40]);
    let before = ModelFile::open(&path).unwrap();
    assert_eq!((before.external_bytes(), before.bytes()), (40, 40 + before.file_bytes()));
    desk.write("weights.bin", &[2; 40]);
    let after = ModelFile::open(&path).unwrap();
    assert_eq!(before.file_sha256(), after.file_sha256());
    assert_ne!(before.sha256(), after.sha256());
}

#[test]
fn external_data_that_is_missing_or_too_short_is_named() {
    let desk = Desk::new();
    let path = pointing(&desk, &[("location", "weights.bin")]);
    let error = refused(&path);
    assert!(error.what.contains("`weights.bin` is missing"), "{error}");
    assert!(error.place.unwrap().contains("tensor `w`"));
    desk.write("weights.bin", &[0; 31]);
    let error = refused(&path);
    assert!(error.what.contains("cut short: 32 bytes from 0 are wanted, and it has 31"), "{error}");
    desk.write("weights.bin", &[0; 32]);
    assert!(ModelFile::open(&path).is_ok());
}

#[test]
fn the_range_within_external_data_is_checked() {
    let desk = Desk::new();
    desk.write("weights.bin", &[0; 64]);
    let at = |offset, length| {
        pointing(&desk, &[("location", "weights.bin"), ("offset", offset), ("length", length)])
    };
    assert!(ModelFile::open(at("32", "32")).is_ok());
    assert!(refused(&at("33", "32")).what.contains("cut short"));
    assert!(refused(&at("18446744073709551615", "32")).what.contains("cut short"));
    assert!(refused(&at("-1", "32")).what.contains("offset of external data"));
    assert!(refused(&at("0", "all")).what.contains("`all`, not a number"));
}

#[test]
fn external_data_outside_the_folder_is_refused() {
    let desk = Desk::new();
    desk.write("outside.bin", &[0; 64]);
    fs::create_dir(desk.path("inner")).unwrap();
    let absolute = desk.path("outside.bin").display().to_string();
    for location in ["../outside.bin", "deep/../../outside.bin", &absolute, ""] {
        let model = with_external(&[("location", location)]).encode_to_vec();
        let error = refused(&desk.write("inner/model.onnx", &model));
        assert!(error.what.contains("outside the model's folder"), "{location}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_folder_but_both_may_lie_in_one_store() {
    use std::os::unix::fs::symlink;
    let desk = Desk::new();
    for folder in ["store", "shown"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    desk.write("store/weights.bin", &[0; 64]);
    let model = with_external(&[("location", "weights.bin")]).encode_to_vec();
    symlink(desk.path("store/weights.bin"), desk.path("shown/weights.bin")).unwrap();
    let shown = desk.write("shown/model.onnx", &model);
    assert!(refused(&shown).what.contains("outside the model's folder"));
    desk.write("store/blob", &model);
    fs::remove_file(&shown).unwrap();
    symlink(desk.path("store/blob"), &shown).unwrap();
    assert!(ModelFile::open(&shown).is_ok(), "a download cache links both files to one store");
}

#[test]
fn a_model_named_without_a_folder_finds_its_data_in_the_working_directory() {
    let desk: TempDir = tempfile::tempdir().unwrap();
    for name in ["external.onnx", "external.onnx.data"] {
        fs::copy(Path::new("fixtures/models").join(name), desk.path().join(name)).unwrap();
    }
    let bench = std::process::Command::new(env!("CARGO_BIN_EXE_bench"))
        .current_dir(desk.path())
        .args(["inspect", "external.onnx"])
        .output()
        .unwrap();
    assert!(bench.status.success(), "{}", String::from_utf8_lossy(&bench.stderr));
}
