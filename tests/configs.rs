//! What models ship with, read as the libraries read it: `fixtures/make_configs.py` has run them.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use onnx_bench::dataset::decode;
use onnx_bench::preprocess::config::{self, Found};
use onnx_bench::preprocess::{Decoding, InputFacts, Layout, Preset, Scratch, Size};
use onnx_bench::tensor::{ElementType, Values};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support::{Story, read_json};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// A file of `fixtures/configs/NAME`, read for a graph of `size`.
fn found(name: &str, size: Size) -> Found {
    let folder = fixture("configs").join(name);
    match fs::read_to_string(folder.join("preprocessor_config.json")) {
        Ok(text) => config::hugging_face(&text, None).unwrap(),
        Err(_) => config::timm(&fs::read_to_string(folder.join("config.json")).unwrap(), Some(size))
            .unwrap()
            .unwrap(),
    }
}

fn facts(size: Size) -> InputFacts {
    InputFacts {
        channels: Some(3),
        height: Some(size.height),
        width: Some(size.width),
        layout: Layout::Nchw,
        element: ElementType::F32,
    }
}

// ── Against the libraries ───────────────────────────────────────────────────────────────────────

#[test]
fn tensors_are_those_of_the_libraries() {
    let golden = read_json(&fixture("configs/expected.json"));
    let bytes = fs::read(fixture("images/golden/source.png")).unwrap();
    let image = decode(&bytes, Decoding::default()).unwrap();
    let mut wrong = Vec::new();
    for (name, expected) in golden.as_object().unwrap() {
        let axis = |axis: usize| expected["shape"][axis].as_u64().unwrap() as u32;
        let size = Size { width: axis(2), height: axis(1) };
        let preprocess = found(name, size).settings().resolve(facts(size)).unwrap();
        let mut batch = Values::zeros(ElementType::F32, preprocess.sample_len());
        preprocess.write(&image, &mut Scratch::default(), &mut batch, 0).unwrap();
        let wanted = expected["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
        let off = batch.to_f32().into_iter().zip(wanted).map(|(got, wanted)| (f64::from(got) - wanted).abs());
        let worst = off.fold(0.0, f64::max);
        if worst > one_level(&preprocess) {
            wrong.push(format!("{name}: off by {worst}: {}", preprocess.summary()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What one level of 255 is after scaling, and a little for the rounding of floats.
fn one_level(preprocess: &onnx_bench::preprocess::Preprocess) -> f64 {
    use onnx_bench::preprocess::Scale;
    let level = match preprocess.scale {
        Scale::Raw => 1.0,
        Scale::Unit => 1.0 / 255.0,
        Scale::Signed => 1.0 / 127.5,
    };
    let least = preprocess.std.iter().copied().fold(f32::INFINITY, f32::min);
    level / if least.is_finite() { f64::from(least) } else { 1.0 } + 1e-5
}

#[test]
fn defaults_are_what_every_implementation_says_of_itself() {
    let mut checked = 0;
    for entry in fs::read_dir(fixture("configs/defaults")).unwrap() {
        let path = entry.unwrap().path();
        let class = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut full: Map<String, Value> = read_json(&path).as_object().unwrap().clone();
        full.insert("image_processor_type".into(), json!(class));
        let bare = |fields: &[&str]| {
            let mut map = Map::from_iter([("image_processor_type".to_owned(), json!(class))]);
            map.extend(fields.iter().map(|&field| (field.to_owned(), full[field].clone())));
            config::hugging_face(&Value::Object(map).to_string(), None)
        };
        let full_found = config::hugging_face(&Value::Object(full.clone()).to_string(), None).unwrap();
        // Where implementations differ, the fields have to be there.
        let uncertain: &[&str] = match class.trim_end_matches("Fast").trim_end_matches("ImageProcessor") {
            "Beit" => &["size", "do_center_crop"],
            "ConvNext" | "EfficientNet" | "MobileViT" | "Pvt" => &["resample"],
            _ => &[],
        };
        for (count, field) in uncertain.iter().enumerate() {
            let missing = bare(&uncertain[..count]).unwrap_err();
            assert!(missing.what.starts_with(&format!("`{field}` is missing")), "{class}: {missing}");
        }
        let read = bare(uncertain);
        let (read, full) = (read.unwrap().settings(), full_found.settings());
        assert_eq!(without_rgb(read), without_rgb(full), "{class}");
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
}

/// `do_convert_rgb` changes nothing: images are in colour wherever the model wants colour.
fn without_rgb(
    settings: onnx_bench::preprocess::PreprocessSettings,
) -> onnx_bench::preprocess::PreprocessSettings {
    let channels = settings.channels.filter(|&channels| channels != onnx_bench::preprocess::Channels::Rgb);
    onnx_bench::preprocess::PreprocessSettings { channels, ..settings }
}

#[test]
fn model_types_have_the_processors_that_the_library_gives_them() {
    let golden = read_json(&fixture("configs/model-types.json"));
    let mut checked = 0;
    for (model_type, class) in golden.as_object().unwrap() {
        let class = class.as_str().unwrap();
        let named =
            config::hugging_face(&json!({"image_processor_type": class, "resample": 2}).to_string(), None);
        let by_type = config::hugging_face(r#"{"resample": 2}"#, Some(model_type));
        if let Ok(by_type) = by_type {
            assert_eq!(by_type.settings(), named.unwrap().settings(), "{model_type}");
            checked += 1;
        }
    }
    assert!(checked >= 20, "{checked}");
}

#[test]
fn every_weight_of_torchvision_has_a_preset() {
    use clap::ValueEnum;
    let golden = read_json(&fixture("configs/torchvision.json"));
    let presets: Vec<_> = Preset::value_variants()
        .iter()
        .filter(|preset| preset.name().starts_with("imagenet") || preset.name().starts_with("torchvision"))
        .map(|preset| (preset.name(), preset.settings()))
        .collect();
    let mut used = std::collections::BTreeSet::new();
    for (weights, asked) in golden.as_object().unwrap() {
        let numbers = |key: &str| -> Vec<f32> {
            asked[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
        };
        let same = |settings: &onnx_bench::preprocess::PreprocessSettings| {
            json!(settings.resize) == asked["resize"]
                && json!(settings.crop) == asked["crop"]
                && json!(settings.filter) == asked["filter"]
                && json!(settings.antialias) == asked["antialias"]
                && settings.mean.as_ref() == Some(&numbers("mean"))
                && settings.std.as_ref() == Some(&numbers("std"))
        };
        let preset = presets.iter().find(|(_, settings)| same(settings));
        used.insert(preset.unwrap_or_else(|| panic!("{weights} asks for {asked}")).0);
    }
    assert_eq!(used.len(), presets.len(), "presets that no weight has: {used:?}");
}

// ── Files that are wrong ────────────────────────────────────────────────────────────────────────

fn refusal(text: &str) -> String {
    config::hugging_face(text, None).unwrap_err().what
}

#[test]
fn wrong_values_are_refused_with_their_field() {
    let vit = |field: &str| format!(r#"{{"image_processor_type": "ViTImageProcessor", {field}}}"#);
    for (field, said) in [
        (r#""size": 0"#, "`size` is 0"),
        (r#""size": 1000000"#, "`size` is 1000000"),
        (r#""size": {"height": 224}"#, "`size` is"),
        (r#""resample": 9"#, "`resample` is 9"),
        (r#""resample": "bicubic""#, "`resample` is \"bicubic\""),
        (r#""do_resize": "yes""#, "`do_resize` is \"yes\""),
        (r#""image_mean": [0.5, 0.5]"#, "`image_mean` has 2 values"),
        (r#""image_mean": ["a"]"#, "`image_mean` is"),
        (r#""image_std": [0.5, 0, 0.5]"#, "`image_std` cannot be divided by"),
        (r#""image_std": 1e-300"#, "`image_std` cannot be divided by"),
        (r#""rescale_factor": 0"#, "`rescale_factor` cannot be divided by"),
        (r#""rescale_factor": 1e999"#, "not JSON"),
        (r#""do_center_crop": true, "crop_size": -3"#, "`crop_size` is -3"),
    ] {
        let what = refusal(&vit(field));
        assert!(what.contains(said), "{field}: {what}");
    }
    assert!(refusal(&vit(r#""size": 224"#).replace('}', "")).contains("not JSON"));
}

#[test]
fn an_unknown_processor_is_read_by_its_fields_or_not_at_all() {
    let full = json!({
        "image_processor_type": "NewImageProcessor", "do_resize": true, "size": {"shortest_edge": 256}, "resample": 3,
        "do_center_crop": true, "crop_size": 224, "do_rescale": true, "rescale_factor": 0.00392156862745098,
        "do_normalize": true, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "do_pad": true,
        "do_thumbnail": false,
    });
    let read = config::hugging_face(&full.to_string(), None).unwrap();
    assert!(read.remarks[0].contains("NewImageProcessor is not known here"), "{:?}", read.remarks);
    assert_eq!(read.remarks[1..], ["`do_pad` is true, and has no effect here"]);
    for field in [
        "do_resize",
        "size",
        "resample",
        "do_center_crop",
        "crop_size",
        "do_rescale",
        "rescale_factor",
        "do_normalize",
        "image_mean",
        "image_std",
    ] {
        let mut less = full.clone();
        less.as_object_mut().unwrap().remove(field);
        let what = refusal(&less.to_string());
        assert!(what.contains(&format!("`{field}` is missing")), "{what}");
    }
    let bare = refusal(
        r#"{"image_processor_type": "NewImageProcessor", "do_center_crop": false, "do_normalize": true}"#,
    );
    let all = "`do_resize`, `size`, `resample`, `do_rescale`, `rescale_factor`, `image_mean`, `image_std` are missing";
    assert!(bare.contains(all), "{bare}");
    let mut square_or_side = full;
    square_or_side["size"] = json!(256);
    assert!(refusal(&square_or_side.to_string()).contains("a square or a shorter side"));
}

#[test]
fn what_timm_does_and_bench_cannot_is_refused() {
    let config = |change: Value| {
        let mut config = json!({"pretrained_cfg": {"input_size": [3, 10, 10], "crop_pct": 0.875}});
        config["pretrained_cfg"].as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        config::timm(&config.to_string(), None)
    };
    for (change, said) in [
        (json!({"crop_mode": "border"}), "pads"),
        (json!({"input_size": [3, 10, 12]}), "not square"),
        (json!({"interpolation": "random"}), "`random`"),
        (json!({"crop_border_pixels": 3}), "`crop_border_pixels` is 3"),
        (json!({"crop_pct": 0}), "`crop_pct` is 0"),
        (json!({"crop_pct": 1e-9}), "leads to a length"),
        (json!({"input_size": [10, 10]}), "[channels, height, width]"),
        (json!({"mean": [1, 2]}), "`mean` has 2 values"),
    ] {
        let what = config(change.clone()).unwrap_err().what;
        assert!(what.contains(said), "{change}: {what}");
    }
    assert_eq!(config::timm(r#"{"model_type": "vit"}"#, None).unwrap(), None);
}

proptest! {
    /// Any value in the place of any field, and any cut of the text: an answer or an error.
    #[test]
    fn changed_files_never_panic(name in 0..24usize, field in 0..30usize, value in json_value(), cut in 0..2000usize) {
        let folders: Vec<PathBuf> = configs();
        let path = &folders[name % folders.len()];
        let text = fs::read_to_string(path).unwrap();
        let mut map = serde_json::from_str::<Map<String, Value>>(&text).unwrap();
        let inner = map.get_mut("pretrained_cfg").and_then(Value::as_object_mut);
        put(inner.unwrap_or(&mut Map::new()), field, &value);
        read_all(&Value::Object(map.clone()).to_string());
        put(&mut map, field, &value);
        read_all(&Value::Object(map).to_string());
        read_all(text.get(..cut.min(text.len())).unwrap_or_default());
    }

    #[test]
    fn any_text_is_an_answer_or_an_error(text in ".{0,60}") {
        read_all(&text);
    }
}

fn put(map: &mut Map<String, Value>, field: usize, value: &Value) {
    let key = map.keys().nth(field % map.len().max(1)).cloned();
    map.insert(key.unwrap_or_else(|| "id2label".into()), value.clone());
}

fn read_all(text: &str) {
    let size = Size { width: 12, height: 12 };
    let found = [config::hugging_face(text, Some("vit")).ok(), config::timm(text, Some(size)).ok().flatten()];
    for found in found.into_iter().flatten() {
        drop(found.settings().resolve(facts(size)));
    }
    drop(config::labels(text));
}

fn configs() -> Vec<PathBuf> {
    let folders = fs::read_dir(fixture("configs")).unwrap().map(|entry| entry.unwrap().path());
    let files =
        folders.flat_map(|folder| [folder.join("preprocessor_config.json"), folder.join("config.json")]);
    let mut files: Vec<_> = files.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..300i64).prop_map(Value::from),
        "[a-z0-9]{0,6}".prop_map(Value::from),
    ];
    let key =
        prop_oneof![Just("height"), Just("width"), Just("shortest_edge"), Just("0"), Just("1"), Just("x")];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

// ── As a user ───────────────────────────────────────────────────────────────────────────────────

/// A desk with a model and the files beside it.
fn explained(layout: &[(&str, &str)], model: &str, more: &[&str]) -> support::Ending {
    let story = Story::new("compare");
    let place = story.path(model);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::copy(fixture("models/nhwc.onnx"), &place).unwrap();
    for (path, text) in layout {
        fs::write(story.path(path), text).unwrap();
    }
    story.args(&[place.to_str().unwrap(), "--explain"]).args(more).run().keeps_its_manners()
}

const VIT: &str =
    r#"{"image_processor_type": "ViTImageProcessor", "resample": 3, "size": 8, "do_pad": true}"#;

#[test]
fn settings_come_with_the_file_and_the_field() {
    let ending = explained(&[("preprocessor_config.json", VIT)], "m.onnx", &[]).exits(0);
    let page = ending.stdout();
    let line = |key: &str| page.lines().find(|line| line.trim_start().starts_with(key)).unwrap().to_owned();
    assert!(
        line("preprocess.filter").contains("bicubic")
            && line("preprocess.filter").ends_with("preprocessor_config.json: resample"),
        "{page}"
    );
    assert!(line("preprocess.resize").ends_with("preprocessor_config.json: size"), "{page}");
    assert!(line("preprocess.mean").ends_with("default of ViTImageProcessor"), "{page}");
    assert!(line("preprocess.layout").ends_with("graph"), "{page}");
    assert!(page.contains("remark: ") && page.contains("`do_pad` is true"), "{page}");
}

#[test]
fn files_lie_above_a_folder_onnx() {
    explained(&[("preprocessor_config.json", VIT)], "onnx/model.onnx", &[]).exits(0).prints("bicubic");
    let elsewhere = explained(&[("preprocessor_config.json", VIT)], "other/model.onnx", &[]).exits(0);
    assert!(!elsewhere.stdout().contains("bicubic"));
}

#[test]
fn flags_and_bench_toml_go_before_the_files() {
    let toml = "[preprocess]\nfilter = \"box\"\nscale = \"signed\"\n";
    let files = [("preprocessor_config.json", VIT), ("bench.toml", toml)];
    let page = explained(&files, "m.onnx", &["--channels", "rgb"]).exits(0).stdout();
    let line = |key: &str| page.lines().find(|line| line.trim_start().starts_with(key)).unwrap().to_owned();
    assert!(
        line("preprocess.filter").contains("box") && line("preprocess.filter").ends_with("bench.toml"),
        "{page}"
    );
    assert!(line("preprocess.channels").ends_with("flag"), "{page}");
    // Mean and deviation of another scale are of no use.
    assert!(line("preprocess.mean").contains("none"), "{page}");
}

#[test]
fn a_wrong_file_ends_it_in_words_and_can_be_left_out() {
    let wrong = [("preprocessor_config.json", r#"{"size": 8"#)];
    explained(&wrong, "m.onnx", &[])
        .exits(2)
        .complains("preprocessor_config.json")
        .complains("--config-files false");
    explained(&wrong, "m.onnx", &["--config-files", "false"]).exits(0);
    explained(&[("bench.toml", "[model]\nconfig_files = false"), wrong[0]], "m.onnx", &[]).exits(0);
    let two = [(
        "preprocessor_config.json",
        r#"{"image_processor_type": "ViTImageProcessor", "image_mean": [1, 2]}"#,
    )];
    explained(&two, "m.onnx", &[])
        .exits(2)
        .complains("`image_mean` has 2 values")
        .complains("preprocessor_config.json");
}

#[test]
fn class_names_come_from_the_file_in_the_order_of_their_numbers() {
    let data = fixture("images/shapes");
    let data = ["--data", data.to_str().unwrap()];
    let named = |names: [&str; 3]| {
        let map: Map<String, Value> = (0..3).map(|id| (id.to_string(), json!(names[id]))).collect();
        json!({ "id2label": map, "model_type": "vit" }).to_string()
    };
    let words = named(["a circle", "a square", "a triangle"]);
    explained(&[("config.json", &words)], "m.onnx", &data)
        .exits(0)
        .prints("a triangle")
        .prints("config.json: id2label");
    let strangers = named(["one", "two", "three"]);
    let other = explained(&[("config.json", &strangers)], "m.onnx", &data).exits(0);
    other.prints("0  one (circle in the data)");
    let turned = named(["circle", "triangle", "square"]);
    explained(&[("config.json", &turned)], "m.onnx", &data).exits(0).prints("1  triangle\n       2  square");
    let four = r#"{"id2label": {"0": "a", "1": "b", "2": "c", "3": "d"}}"#;
    explained(&[("config.json", four)], "m.onnx", &data)
        .exits(2)
        .complains("4 classes are named, the model has 3")
        .complains("id2label");
}

/// Two kinds of shapes for a model of three outputs.
fn two_classes(story: &Story) -> String {
    for class in ["circle", "square"] {
        fs::create_dir_all(story.path("data").join(class)).unwrap();
        for file in ["0.bmp", "2.png"] {
            fs::copy(
                fixture("images/shapes").join(class).join(file),
                story.path("data").join(class).join(file),
            )
            .unwrap();
        }
    }
    story.path("data").to_str().unwrap().to_owned()
}

#[test]
fn a_model_with_background_is_judged_on_the_classes_of_the_data() {
    let story = Story::compare(&[support::FP32]).args(&["--runtime", "ort", "--resize", "8x8"]);
    let data = two_classes(&story);
    story.args(&["--data", &data]).run().exits(2).complains("3 classes").complains("--background-class");
    let story = Story::compare(&[support::FP32])
        .args(&["--runtime", "ort", "--resize", "8x8", "--background-class"])
        .recorded();
    let data = two_classes(&story);
    let ending = story.args(&["--data", &data]).run().exits(0);
    let record = read_json(&ending.desk().join("records/01-ort-classifier.fp32.json"));
    assert_eq!(record["job"]["output"]["background"], json!(true), "{record}");
    assert_eq!(record["job"]["sources"]["model.background_class"], json!("flag"));
    assert_eq!(record["job"]["sources"]["preprocess.resize"], json!("flag"));
    assert_eq!(record["evidence"]["evaluation"]["images"], json!(4), "{record}");
}
