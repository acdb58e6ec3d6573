//! One conformance suite for every runtime: the tiny models of `fixtures/models` against what ONNX
//! Runtime answers through Python (`fixtures/models/expected.json`).

#![allow(clippy::unwrap_used, reason = "what fails in a test ends it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use half::f16;
use onnx_bench::error::{Error, ErrorKind, Result};
use onnx_bench::plan::{Activation, Device, Dim, InputPort, Optimization, OutputPort, SessionOptions};
use onnx_bench::runtime::cpu::{int8_features, int8_remark};
use onnx_bench::runtime::{ModelToRun, Prepared, RUNTIMES, Runtime, Session, find};
use onnx_bench::tensor::{ElementType, Tensor, Values};
use serde::Deserialize;
use serde_json::Value;

// ── The models and what is expected of them ─────────────────────────────────────────────────────

#[derive(Deserialize)]
struct Expected {
    input: Port,
    output: Port,
    /// How far another implementation may be off.
    step: f32,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Port {
    name: String,
    element: String,
    shape: Vec<Value>,
}

#[derive(Deserialize)]
struct Run {
    batch: usize,
    shape: Vec<usize>,
    /// `None` stands for NaN.
    values: Vec<Option<f32>>,
}

impl Port {
    fn element(&self) -> ElementType {
        match self.element.as_str() {
            "float32" => ElementType::F32,
            "float16" => ElementType::F16,
            "uint8" => ElementType::U8,
            other => panic!("no such element type: {other}"),
        }
    }

    fn dims(&self) -> Vec<Dim> {
        let dim = |value: &Value| match (value.as_u64(), value.as_str()) {
            (Some(length), _) => Dim::Known(length as usize),
            (_, Some(name)) => Dim::Symbol(name.to_owned()),
            _ => Dim::Unknown,
        };
        self.shape.iter().map(dim).collect()
    }
}

impl Expected {
    fn input(&self) -> InputPort {
        InputPort { name: self.input.name.clone(), element: self.input.element(), shape: self.input.dims() }
    }

    fn output(&self) -> OutputPort {
        OutputPort {
            name: self.output.name.clone(),
            element: self.output.element(),
            shape: self.output.dims(),
            activation: Activation::Logits,
            background: false,
        }
    }

    /// The images that `make_expected.py` used, `batch` of them.
    fn images(&self, batch: usize) -> Tensor {
        let input = self.input();
        let each: Vec<usize> = input.shape[1..].iter().map(|dim| dim.known().unwrap()).collect();
        let count: usize = each.iter().product();
        let level = |image: usize, value: usize| (37 * image + 11 * value) % 101 + 38 * image;
        let levels = (0..batch).flat_map(|image| (0..count).map(move |value| level(image, value)));
        let values = match input.element {
            ElementType::F32 => Values::F32(levels.map(|level| level as f32 / 255.0).collect()),
            ElementType::F16 => {
                Values::F16(levels.map(|level| f16::from_f32(level as f32 / 255.0)).collect())
            }
            ElementType::U8 => Values::U8(levels.map(|level| level as u8).collect()),
            ElementType::I8 => panic!("no fixture takes i8"),
        };
        let shape = std::iter::once(batch).chain(each).collect();
        Tensor::new(shape, values).unwrap()
    }
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models")
}

fn file(name: &str) -> PathBuf {
    models().join(format!("{name}.onnx"))
}

fn expected() -> BTreeMap<String, Expected> {
    let text = std::fs::read_to_string(models().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn expect(name: &str) -> Expected {
    expected().remove(name).unwrap_or_else(|| panic!("nothing is expected of {name}"))
}

// ── How the stories are told ────────────────────────────────────────────────────────────────────

fn options() -> SessionOptions {
    SessionOptions { threads: 1, optimization: Optimization::All, spinning: false, config: BTreeMap::new() }
}

fn prepare(runtime: &dyn Runtime, name: &str, expected: &Expected) -> Result<Box<dyn Prepared>> {
    let (input, output) = (expected.input(), expected.output());
    let model = ModelToRun { path: &file(name), input: &input, output: &output };
    runtime.prepare(model, Device::Cpu, &options())
}

/// The answer step by step, which is the same to the bit as the one at once, whatever is bound then.
fn answer(session: &mut dyn Session, images: &Tensor) -> Tensor {
    let answer = step_by_step(session, images);
    let zeros = Values::zeros(images.element(), images.values().len());
    let black = Tensor::new(images.shape().to_vec(), zeros).unwrap();
    let at_once = session.infer(&black).unwrap();
    assert_eq!(bits(&at_once), bits(&step_by_step(session, &black)));
    assert_eq!(bits(&session.infer(images).unwrap()), bits(&answer));
    answer
}

fn step_by_step(session: &mut dyn Session, images: &Tensor) -> Tensor {
    session.bind(images).unwrap();
    session.run().unwrap();
    session.output().unwrap()
}

/// Shape and bytes: NaN is the same as itself.
fn bits(tensor: &Tensor) -> (Vec<usize>, Vec<u8>) {
    (tensor.shape().to_vec(), tensor.values().to_bytes())
}

/// The runtimes that read models: all but the scripted one.
fn real_runtimes() -> impl Iterator<Item = &'static dyn Runtime> {
    RUNTIMES.iter().copied().filter(|runtime| runtime.name() != "fake")
}

/// What tract has no operators for.
fn is_beyond(runtime: &dyn Runtime, model: &str) -> bool {
    runtime.name() == "tract" && ["classifier.qoperator", "classifier.fp16"].contains(&model)
}

fn error_of<T>(outcome: Result<T>) -> Error {
    match outcome {
        Ok(_) => panic!("it was to fail"),
        Err(error) => error,
    }
}

/// On a processor without int8 dot products the sums of int8 products may saturate.
fn tolerance(model: &str, expected: &Expected) -> f32 {
    let is_int8 = expected.step > 1e-5 && !model.ends_with("fp16");
    match is_int8 && int8_remark(&int8_features()).is_some() {
        true => 8.0 * expected.step,
        false => 1.001 * expected.step,
    }
}

fn assert_answer(who: &str, got: &Tensor, run: &Run, tolerance: f32) {
    assert_eq!(got.shape(), run.shape, "{who}");
    let values = got.values().to_f32();
    for (index, (got, wanted)) in values.iter().zip(&run.values).enumerate() {
        match wanted {
            Some(wanted) => {
                assert!((got - wanted).abs() <= tolerance, "{who}, value {index}: {got} is not {wanted}");
            }
            None => assert!(got.is_nan(), "{who}, value {index}: {got} is a number"),
        }
    }
}

// ── The suite ───────────────────────────────────────────────────────────────────────────────────

#[test]
fn every_runtime_works_on_the_processor_and_says_what_it_is() {
    for runtime in RUNTIMES {
        let identity =
            runtime.check(Device::Cpu).unwrap_or_else(|error| panic!("{}: {error}", runtime.name()));
        assert_eq!(identity.name, runtime.name());
        assert!(identity.version.starts_with(|c: char| c.is_ascii_digit()), "{identity:?}");
    }
}

#[test]
fn every_model_gives_the_expected_outputs_in_every_runtime() {
    for runtime in real_runtimes() {
        for (name, expected) in expected() {
            if is_beyond(runtime, &name) {
                continue;
            }
            let who = format!("{} in {}", name, runtime.name());
            let mut model =
                prepare(runtime, &name, &expected).unwrap_or_else(|error| panic!("{who}: {error}"));
            for run in &expected.runs {
                let mut session = model.session(run.batch).unwrap();
                let got = answer(&mut *session, &expected.images(run.batch));
                let who = format!("{who} at batch {}", run.batch);
                assert_answer(&who, &got, run, tolerance(&name, &expected));
            }
        }
    }
}

#[test]
fn a_session_takes_one_input_after_the_other() {
    let expected = expect("classifier.fp32");
    for runtime in RUNTIMES {
        let mut model = prepare(*runtime, "classifier.fp32", &expected).unwrap();
        let mut session = model.session(1).unwrap();
        let dark = expected.images(1);
        let bright = Tensor::new(dark.shape().to_vec(), Values::F32(vec![0.9; 64])).unwrap();
        let first = answer(&mut *session, &dark);
        let second = answer(&mut *session, &bright);
        let third = answer(&mut *session, &dark);
        assert_eq!(first, third, "{}", runtime.name());
        assert_ne!(first, second, "{}", runtime.name());
    }
}

#[test]
fn an_earlier_output_is_not_overwritten_by_the_next_run() {
    let expected = expect("classifier.fp32");
    for runtime in RUNTIMES {
        let mut model = prepare(*runtime, "classifier.fp32", &expected).unwrap();
        let mut session = model.session(1).unwrap();
        let first = answer(&mut *session, &expected.images(1));
        let copy = first.clone();
        let bright = Tensor::new(vec![1, 1, 8, 8], Values::F32(vec![0.9; 64])).unwrap();
        answer(&mut *session, &bright);
        assert_eq!(first, copy, "{}", runtime.name());
    }
}

#[test]
fn a_batch_is_the_same_as_its_images_one_by_one() {
    let expected = expect("classifier.fp32");
    for runtime in RUNTIMES {
        let mut model = prepare(*runtime, "classifier.fp32", &expected).unwrap();
        let images = expected.images(5);
        let batch = answer(&mut *model.session(5).unwrap(), &images).values().to_f32();
        let mut single = model.session(1).unwrap();
        for (index, pixels) in images.values().to_f32().chunks(64).enumerate() {
            let image = Tensor::new(vec![1, 1, 8, 8], Values::F32(pixels.to_vec())).unwrap();
            let alone = answer(&mut *single, &image).values().to_f32();
            for (a, b) in alone.iter().zip(&batch[3 * index..]) {
                assert!((a - b).abs() < 1e-5, "{}, image {index}: {a} alone, {b} in a batch", runtime.name());
            }
        }
    }
}

#[test]
fn sessions_side_by_side_give_equal_results() {
    let expected = expect("classifier.int8");
    for runtime in RUNTIMES {
        let mut model = prepare(*runtime, "classifier.int8", &expected).unwrap();
        let sessions = model.sessions(5, 7).unwrap();
        assert_eq!(sessions.len(), 7);
        let images = expected.images(5);
        let answers: Vec<Tensor> = std::thread::scope(|scope| {
            let started: Vec<_> = sessions
                .into_iter()
                .map(|mut session| {
                    let images = &images;
                    scope.spawn(move || {
                        let answers: Vec<Tensor> = (0..20).map(|_| answer(&mut *session, images)).collect();
                        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
                        answers.into_iter().next().unwrap()
                    })
                })
                .collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{}", runtime.name());
    }
}

#[test]
fn more_threads_change_no_answer() {
    let expected = expect("classifier.fp32");
    for runtime in RUNTIMES {
        let (input, output) = (expected.input(), expected.output());
        let model = ModelToRun { path: &file("classifier.fp32"), input: &input, output: &output };
        let two = SessionOptions { threads: 2, ..options() };
        let mut prepared = runtime.prepare(model, Device::Cpu, &two).unwrap();
        let got = answer(&mut *prepared.session(5).unwrap(), &expected.images(5));
        let mut prepared = prepare(*runtime, "classifier.fp32", &expected).unwrap();
        let alone = answer(&mut *prepared.session(5).unwrap(), &expected.images(5));
        for (a, b) in got.values().to_f32().iter().zip(alone.values().to_f32()) {
            assert!((a - b).abs() < 1e-5, "{}: {a} is not {b}", runtime.name());
        }
    }
}

#[test]
fn every_optimization_level_gives_the_same_answer() {
    let expected = expect("classifier.fp32");
    let (input, output) = (expected.input(), expected.output());
    let model = ModelToRun { path: &file("classifier.fp32"), input: &input, output: &output };
    for runtime in real_runtimes() {
        for optimization in [Optimization::None, Optimization::Basic, Optimization::Extended] {
            let options = SessionOptions { optimization, ..options() };
            let mut prepared = runtime.prepare(model, Device::Cpu, &options).unwrap();
            let run = &expected.runs[1];
            let got = answer(&mut *prepared.session(run.batch).unwrap(), &expected.images(run.batch));
            assert_answer(&format!("{} {optimization:?}", runtime.name()), &got, run, 1e-5);
        }
    }
}

#[test]
fn a_fixed_batch_is_refused_at_any_other() {
    let expected = expect("batch4");
    for runtime in RUNTIMES {
        let mut model = prepare(*runtime, "batch4", &expected).unwrap();
        for error in [error_of(model.session(1)), error_of(model.sessions(1, 2))] {
            assert!(error.what.contains('4'), "{}: {error}", runtime.name());
        }
        assert!(model.session(4).is_ok(), "{}", runtime.name());
    }
}

#[test]
fn a_batch_whose_name_the_graph_does_not_tell_works_too() {
    let expected = expect("classifier.fp32");
    let mut input = expected.input();
    input.shape[0] = Dim::Unknown;
    let output = OutputPort { shape: Vec::new(), ..expected.output() };
    let model = ModelToRun { path: &file("classifier.fp32"), input: &input, output: &output };
    for runtime in real_runtimes() {
        let mut prepared = runtime.prepare(model, Device::Cpu, &options()).unwrap();
        for run in &expected.runs {
            let got = answer(&mut *prepared.session(run.batch).unwrap(), &expected.images(run.batch));
            assert_answer(runtime.name(), &got, run, 1e-5);
        }
    }
}

#[test]
fn an_input_of_another_shape_or_type_is_refused() {
    let expected = expect("classifier.fp32");
    for runtime in RUNTIMES {
        let mut session = prepare(*runtime, "classifier.fp32", &expected).unwrap().session(1).unwrap();
        let two = expected.images(2);
        let bytes = Tensor::new(vec![1, 1, 8, 8], Values::U8(vec![0; 64])).unwrap();
        for wrong in [two, bytes] {
            let error = error_of(session.bind(&wrong));
            assert!(error.what.contains("images"), "{}: {error}", runtime.name());
        }
    }
}

#[test]
fn running_and_reading_out_of_order_are_errors() {
    let expected = expect("classifier.fp32");
    for runtime in RUNTIMES {
        let mut session = prepare(*runtime, "classifier.fp32", &expected).unwrap().session(1).unwrap();
        assert!(session.run().is_err(), "{}", runtime.name());
        assert!(session.output().is_err(), "{}", runtime.name());
    }
}

#[test]
fn an_unknown_operator_is_unsupported_and_named() {
    let expected = expect("classifier.fp32");
    for runtime in real_runtimes() {
        let error = error_of(prepare(runtime, "unknown-op", &expected));
        assert_eq!(error.kind, ErrorKind::Unsupported, "{}: {error}", runtime.name());
        assert!(error.what.contains("Frobnicate"), "{}: {error}", runtime.name());
        assert!(error.place.as_deref().is_some_and(|place| place.ends_with("unknown-op.onnx")), "{error}");
    }
}

#[test]
#[cfg(feature = "tract")]
fn tract_says_what_it_lacks_and_what_would_run() {
    let tract = find("tract").unwrap();
    let error = error_of(prepare(tract, "classifier.qoperator", &expect("classifier.qoperator")));
    assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
    assert!(error.what.starts_with("operator Q") && error.what.contains("(node "), "{error}");
    assert!(error.help.is_some_and(|help| help.contains("QDQ")));

    let error = error_of(prepare(tract, "classifier.fp16", &expect("classifier.fp16")));
    assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
    assert!(error.what.contains("Gemm"), "{error}");
}

#[test]
#[cfg(feature = "tract")]
fn tract_prefers_one_image_at_a_time() {
    let model = prepare(find("tract").unwrap(), "classifier.fp32", &expect("classifier.fp32")).unwrap();
    assert_eq!(model.preferred_batch(), 1);
}

#[test]
#[cfg(not(feature = "tract"))]
fn a_build_without_tract_says_how_to_have_it() {
    let error = error_of(find("tract"));
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.help.is_some_and(|help| help.contains("--features tract")));
}

#[test]
fn a_missing_file_is_an_error_with_its_path() {
    let expected = expect("classifier.fp32");
    for runtime in RUNTIMES {
        let error = error_of(prepare(*runtime, "no-such-model", &expected));
        assert_eq!(error.kind, ErrorKind::Unusable, "{}: {error}", runtime.name());
        assert!(error.place.is_some_and(|place| place.contains("no-such-model")), "{}", runtime.name());
    }
}

#[test]
fn a_file_that_is_no_model_is_an_error_with_its_path() {
    let expected = expect("classifier.fp32");
    let (input, output) = (expected.input(), expected.output());
    let whole = std::fs::read(file("classifier.fp32")).unwrap();
    for (what, content) in [("text", b"not a model".to_vec()), ("truncated", whole[..500].to_vec())] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(what);
        std::fs::write(&path, content).unwrap();
        let model = ModelToRun { path: &path, input: &input, output: &output };
        for runtime in real_runtimes() {
            let error = error_of(runtime.prepare(model, Device::Cpu, &options()));
            assert!(error.place.is_some_and(|place| place.ends_with(what)), "{}", runtime.name());
        }
    }
}

#[test]
fn a_second_input_is_an_error_that_names_both() {
    let expected = expect("classifier.fp32");
    for runtime in real_runtimes() {
        let error = error_of(prepare(runtime, "two-inputs", &expected));
        assert!(error.what.contains("images") && error.what.contains("mask"), "{}: {error}", runtime.name());
    }
}

#[test]
fn an_output_that_the_model_has_not_is_an_error_that_names_it() {
    let expected = expect("classifier.fp32");
    let input = expected.input();
    let output = OutputPort { name: "classes".into(), ..expected.output() };
    let model = ModelToRun { path: &file("classifier.fp32"), input: &input, output: &output };
    for runtime in real_runtimes() {
        let error = error_of(runtime.prepare(model, Device::Cpu, &options()));
        assert!(error.what.contains("`classes`"), "{}: {error}", runtime.name());
    }
}

#[test]
fn a_gpu_that_is_not_there_is_an_error_with_a_reason_and_no_silent_run_on_the_processor() {
    let expected = expect("classifier.fp32");
    let (input, output) = (expected.input(), expected.output());
    let model = ModelToRun { path: &file("classifier.fp32"), input: &input, output: &output };
    for runtime in RUNTIMES {
        // No machine has a hundred GPUs.
        let device = Device::Cuda(99);
        for error in [
            error_of(runtime.check(device).map(drop)),
            error_of(runtime.prepare(model, device, &options()).map(drop)),
        ] {
            assert_eq!(error.kind, ErrorKind::Unavailable, "{}: {error}", runtime.name());
            assert!(error.help.is_some(), "{}: {error}", runtime.name());
        }
    }
}

#[test]
fn an_unknown_runtime_is_an_error_that_lists_the_known() {
    let error = error_of(find("tflite"));
    assert_eq!(error.kind, ErrorKind::Usage);
    assert!(error.help.is_some_and(|help| help.contains("ort") && !help.contains("fake")));
}

#[test]
fn session_settings_reach_onnx_runtime() {
    let expected = expect("classifier.fp32");
    let (input, output) = (expected.input(), expected.output());
    let model = ModelToRun { path: &file("classifier.fp32"), input: &input, output: &output };
    // A value that ONNX Runtime refuses shows that the settings arrive there.
    let config = [("session.intra_op_thread_affinities".to_owned(), "nonsense".to_owned())].into();
    let settings = SessionOptions { threads: 2, config, ..options() };
    let error = error_of(find("ort").unwrap().prepare(model, Device::Cpu, &settings));
    assert!(error.cause.is_some(), "{error}");
}

#[cfg(feature = "tract")]
#[test]
fn session_settings_that_tract_has_not_are_an_answer_and_not_ignored() {
    let expected = expect("classifier.fp32");
    let (input, output) = (expected.input(), expected.output());
    let model = ModelToRun { path: &file("classifier.fp32"), input: &input, output: &output };
    let config = [("session.set_denormal_as_zero".to_owned(), "1".to_owned())].into();
    let settings = SessionOptions { config, ..options() };
    let error = error_of(find("tract").unwrap().prepare(model, Device::Cpu, &settings));
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.what.contains("set_denormal_as_zero") && error.help.is_some(), "{error}");
}
