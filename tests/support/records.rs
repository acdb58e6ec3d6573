//! Made-up runs with everything in them that a report must be able to show. The figures are
//! invented but consistent: scores, samples and outcomes come from a fixed sequence of numbers, so
//! that the golden records under `fixtures/records` can be made again to the byte.

#![allow(dead_code, reason = "each test file uses its part")]

use onnx_bench::Error;
use onnx_bench::plan::{
    Activation, DatasetSpec, Dim, InputPort, Job, ModelSpec, OnBadImage, OutputPort, Passes, Protocol,
    SessionOptions,
};
use onnx_bench::preprocess::{Channels, Layout, Preprocess, Scale, Size};
use onnx_bench::record::{
    DatasetIdentity, Ended, Environment, EvaluationEvidence, Evidence, LatencyEvidence, LoadEvidence,
    MemoryEvidence, MemoryReading, ModelIdentity, Outcome, OutputEvidence, Predictions, Round, Run,
    RunRecord, RuntimeIdentity, SCHEMA_VERSION, SkippedImage, Stage, ThroughputEvidence, ThroughputRound,
    ToolIdentity, TwinEvidence, WarmUp,
};
use onnx_bench::tensor::ElementType;

pub const FASHION: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];
pub const SWITCH: [&str; 2] = ["closed", "open"];

/// A scenario's runs under the stems of their files.
pub type Scenario = (&'static str, Vec<(&'static str, Run)>);

/// All golden records by folder.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        ("ten-classes", ten_classes()),
        ("two-classes", two_classes()),
        ("troubles", troubles()),
        ("no-data", no_data()),
        ("slices", slices()),
    ]
}

/// An fp32 and an int8 run on each of two data sets.
pub fn across() -> Vec<Run> {
    let first = ten_classes().into_iter().take(2);
    first.chain(two_classes()).map(|(_, run)| run).collect()
}

/// An fp32 and an int8 run on `each` images of each of so many classes: too large to be kept as files.
pub fn many_classes(classes: usize, each: usize) -> Vec<Run> {
    let names: Vec<String> = (0..classes).map(|class| format!("species {class:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    ["fp32", "int8"].map(|variant| Draft::new("ort", variant).on_images(&names, each).measured()).into()
}

fn ten_classes() -> Vec<(&'static str, Run)> {
    let run = |runtime, variant| Draft::new(runtime, variant).on_images(&FASHION, 60).measured();
    vec![
        ("01-ort-fp32", run("ort", "fp32")),
        ("02-ort-int8", run("ort", "int8")),
        ("03-tract-fp32", run("tract", "fp32")),
        ("04-tract-int8", run("tract", "int8")),
    ]
}

/// The int8 run has what a reader must be warned of.
fn two_classes() -> Vec<(&'static str, Run)> {
    let run = |variant| Draft::new("ort", variant).on_images(&SWITCH, 20).measured();
    let mut warned = run("int8");
    let bad = SkippedImage { id: "open/07.png".into(), why: "the file is empty".into() };
    let evidence = &mut warned.record.evidence;
    evidence.latency.as_mut().unwrap().warm_up.settled = false;
    let evaluation = evidence.evaluation.as_mut().unwrap();
    (evaluation.skipped_count, evaluation.skipped) = (1, vec![bad]);
    warned.record.model.remarks = vec!["static quantization with s8 activations is slow on x86".into()];
    vec![("01-ort-fp32", run("fp32")), ("02-ort-int8", warned)]
}

/// One run that is whole, and one of each kind that is not.
fn troubles() -> Vec<(&'static str, Run)> {
    let lacking = Error::unsupported("operator com.microsoft.QLinearAdd is not in tract")
        .at("node Add_12")
        .help("a QDQ export of the same model would run");
    let outcome =
        |draft: Draft, outcome| Run { record: RunRecord { outcome, ..draft.run.record }, ..draft.run };
    vec![
        ("01-ort-fp32", Draft::new("ort", "fp32").on_images(&SWITCH, 20).measured()),
        (
            "02-ort-int8",
            outcome(
                Draft::new("ort", "int8").given(&SWITCH, 20).loaded().timed(),
                Outcome::Crashed {
                    stage: Stage::Evaluate,
                    how: "killed by signal 9 (SIGKILL), as a system out of memory does".into(),
                    stderr: "worker: evaluating\n\u{1b}[31mfatal\u{1b}[0m: std::bad_alloc\n".into(),
                },
            ),
        ),
        (
            "03-tract-fp32",
            outcome(
                Draft::new("tract", "fp32").given(&SWITCH, 20).loaded(),
                Outcome::Interrupted { stage: Stage::Latency },
            ),
        ),
        (
            "04-tract-int8",
            outcome(
                Draft::new("tract", "int8").given(&SWITCH, 20),
                Outcome::CouldNotRun { stage: Stage::Prepare, error: lacking },
            ),
        ),
    ]
}

/// Accuracy alone, on images with columns; int8 fails on scans.
fn slices() -> Vec<(&'static str, Run)> {
    let run = |variant| sliced(Draft::new("ort", variant).on_images(&SWITCH, 150).run, variant == "int8");
    vec![("01-ort-fp32", run("fp32")), ("02-ort-int8", run("int8"))]
}

fn sliced(mut run: Run, quantized: bool) -> Run {
    run.record.job.protocol.passes = Passes::Accuracy;
    let slices = ["source", "light"].map(String::from);
    let mut rows = Predictions::new(SWITCH.len()).with_slices(&slices);
    for (index, row) in run.predictions.iter().flat_map(Predictions::iter).enumerate() {
        let source = ["phone", "web", "scan"][index / 7 % 3];
        let light = if index % 5 == 0 { "night" } else { "day" };
        let mut scores = row.scores.to_vec();
        if quantized && source == "scan" && index % 3 == 0 {
            scores.reverse();
        }
        rows.push_sliced(row.id.to_owned(), row.label, &scores, &[source, light]);
    }
    run.predictions = Some(rows);
    run
}

fn no_data() -> Vec<(&'static str, Run)> {
    let run = |variant| Draft::new("ort", variant).measured();
    vec![("01-ort-fp32", run("fp32")), ("02-ort-int8", run("int8"))]
}

/// A run in the making.
struct Draft {
    run: Run,
    quantized: bool,
    tract: bool,
}

impl Draft {
    fn new(runtime: &str, variant: &str) -> Self {
        let (quantized, tract) = (variant == "int8", runtime == "tract");
        let record = RunRecord {
            measurement: String::new(),
            schema_version: SCHEMA_VERSION,
            tool: ToolIdentity { name: "bench".into(), version: "0.1.0".into() },
            started_at: "2026-03-01T10:00:00Z".into(),
            finished_at: "2026-03-01T10:01:30Z".into(),
            job: job(runtime, variant),
            model: model(variant, quantized),
            dataset: None,
            runtime: Some(runtime_identity(tract)),
            environment: environment(),
            outcome: Outcome::Completed,
            evidence: Evidence::default(),
        };
        Self { run: Run { record, predictions: None }, quantized, tract }
    }

    /// Everything that was asked for.
    fn measured(self) -> Run {
        self.loaded().timed().run
    }

    fn loaded(mut self) -> Self {
        let load_ns = match (self.tract, self.quantized) {
            (false, false) => 17_200_000,
            (false, true) => 15_400_000,
            (true, false) => 52_300_000,
            (true, true) => 221_000_000,
        };
        let load = LoadEvidence { load_ns, first_run_ns: self.latency_ns() * 3 };
        self.run.record.evidence.load = vec![load; 5];
        let scores = (0..16 * 10).map(|at| Some(self.score(at / 10, at % 10, at % 10)));
        let scores = scores.map(|score| score.map(|score: f32| (score * 1e4).round() / 1e4)).collect();
        self.run.record.evidence.outputs =
            Some(OutputEvidence { source: "seeded".into(), inputs: 16, scores });
        self
    }

    fn timed(mut self) -> Self {
        let round = |round: u32| Round {
            round,
            position: (round + u32::from(self.quantized)) % 2,
            launch: round / 4,
            samples_ns: (0..100).map(|sample| self.sample(u64::from(round), sample)).collect(),
        };
        let warm_up = WarmUp { runs: 400, elapsed_ns: 400 * self.latency_ns(), settled: true };
        let rate = 1_400_000_000 / self.latency_ns();
        let throughput =
            |round| ThroughputRound { round, images: rate + u64::from(round) * 3, elapsed_ns: 1_000_000_000 };
        let rounds = (0..20).map(round).collect();
        // The second process of the baseline is half a percent slower.
        let slower = |round: Round| Round {
            samples_ns: round.samples_ns.iter().map(|ns| ns + ns / 200).collect(),
            ..round
        };
        let twin = (!self.quantized && !self.tract)
            .then(|| TwinEvidence { rounds: (0..20).map(round).map(slower).collect(), memory: None });
        let session_sha256 = self.run.record.job.session.digest();
        let evidence = &mut self.run.record.evidence;
        evidence.latency = Some(LatencyEvidence {
            batch: 1,
            session_sha256,
            warm_up,
            rounds,
            ended: Some(Ended::Precision),
            launch_error: None,
        });
        evidence.twin = twin;
        evidence.throughput =
            Some(ThroughputEvidence { batch: 32, streams: 2, rounds: (0..8).map(throughput).collect() });
        let at = |resident| {
            let private_dirty = Some(resident - 25_000_000);
            Some(MemoryReading { resident, proportional: Some(resident - 20_000_000), private_dirty })
        };
        let peak_bytes =
            if self.quantized { 48_300_000 } else { 71_200_000 } + if self.tract { 25_000_000 } else { 0 };
        let memory = MemoryEvidence {
            source: "VmRSS, VmHWM and smaps_rollup".into(),
            before_load: at(31_000_000),
            after_load: at(peak_bytes - 6_000_000),
            warm: at(peak_bytes - 2_000_000),
            peak_bytes,
            peak_evaluation_bytes: Some(peak_bytes + 40_000_000),
        };
        let again = |launch: u64| MemoryEvidence { peak_bytes: peak_bytes + launch * 4096, ..memory.clone() };
        evidence.launch_memory = (1..5).map(again).collect();
        evidence.memory = Some(memory);
        self
    }

    /// Given `each` images of every class.
    fn given(mut self, classes: &[&str], each: usize) -> Self {
        let record = &mut self.run.record;
        record.job.dataset = Some(dataset_spec());
        record.dataset = Some(DatasetIdentity {
            name: if classes.len() == 10 { "Fashion-MNIST" } else { "switches" }.into(),
            format: "idx".into(),
            split: Some("test".into()),
            images: each * classes.len(),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            own_classes: Vec::new(),
            sha256: "d".repeat(64),
            decoder: None,
            shard: None,
            passed_over: None,
        });
        self
    }

    /// Evaluated on `each` images of every class.
    fn on_images(self, classes: &[&str], each: usize) -> Self {
        let mut draft = self.given(classes, each);
        let mut predictions = Predictions::new(classes.len());
        for index in 0..each * classes.len() {
            let label = index % classes.len();
            let scores: Vec<f32> = (0..classes.len()).map(|class| draft.score(index, label, class)).collect();
            predictions.push(format!("{index:05}"), label as u32, &scores);
        }
        draft.run.record.evidence.evaluation = Some(EvaluationEvidence {
            predictions_sha256: String::new(),
            session_sha256: draft.run.record.job.session.digest(),
            predictions: String::new(),
            images: predictions.len(),
            batch: 32,
            streams: 2,
            elapsed_ns: 2_000_000_000,
            not_finite: 0,
            skipped: Vec::new(),
            skipped_count: 0,
            from_cache: 0,
        });
        draft.run.predictions = Some(predictions);
        draft
    }

    fn latency_ns(&self) -> u64 {
        match (self.tract, self.quantized) {
            (false, false) => 211_000,
            (false, true) => 118_000,
            (true, false) => 930_000,
            (true, true) => 2_210_000,
        }
    }

    fn sample(&self, round: u64, sample: u64) -> u64 {
        let noise = noise(round * 1000 + sample, 77 + u64::from(self.quantized));
        let outlier = if noise > 0.98 { 1.4 } else { 1.0 };
        (self.latency_ns() as f64 * (1.0 + 0.04 * (noise - 0.5)) * outlier) as u64
    }

    /// The true class stands out, less so in class 6; int8 is coarser and shy of class 6.
    fn score(&self, image: usize, label: usize, class: usize) -> f32 {
        let margin = if label == 6 { 3.2 } else { 4.6 };
        let score = 6.0 * noise(image as u64, class as u64) + if class == label { margin } else { 0.0 };
        if !self.quantized {
            return score as f32;
        }
        let bias = if class == 6 { 0.35 } else { 0.0 };
        ((score + 0.5 * noise(image as u64, 50 + class as u64) - bias) * 4.0).round() as f32 / 4.0
    }
}

/// A number from 0 to 1 for a place in a table: a round of SplitMix64.
fn noise(row: u64, column: u64) -> f64 {
    let mut bits = (row * 1_000_003 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn job(runtime: &str, variant: &str) -> Job {
    let axes = |rest: &[usize]| {
        [Dim::Symbol("N".into())].into_iter().chain(rest.iter().copied().map(Dim::Known)).collect()
    };
    Job {
        variant: variant.into(),
        model: ModelSpec { path: path(variant).into(), sha256: digest(variant) },
        runtime: runtime.parse().unwrap(),
        session: SessionOptions {
            threads: 1,
            optimization: Default::default(),
            spinning: true,
            config: Default::default(),
        },
        input: InputPort { name: "image".into(), element: ElementType::F32, shape: axes(&[1, 28, 28]) },
        output: OutputPort {
            name: "logits".into(),
            element: ElementType::F32,
            shape: axes(&[10]),
            activation: Activation::Logits,
            background: false,
        },
        fixed_batch: None,
        preprocess: Preprocess {
            exif_orientation: false,
            channels: Channels::Grey,
            resize: None,
            crop: None,
            scale: Scale::Unit,
            mean: vec![0.286],
            std: vec![0.353],
            layout: Layout::Nchw,
            element: ElementType::F32,
            size: Size { width: 28, height: 28 },
        },
        dataset: None,
        verdict: Default::default(),
        protocol: Protocol::default(),
        sources: Default::default(),
    }
}

fn path(variant: &str) -> String {
    format!("models/fashion-mnist/mobilenetv2.{variant}.onnx")
}

fn digest(variant: &str) -> String {
    variant.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().repeat(8)
}

fn model(variant: &str, quantized: bool) -> ModelIdentity {
    ModelIdentity {
        path: path(variant),
        sha256: digest(variant),
        bytes: if quantized { 2_612_345 } else { 8_923_456 },
        parameters: 2_223_872,
        initializer_bytes: [(if quantized { "i8" } else { "f32" }.to_owned(), 2_223_872)].into(),
        opset: 17,
        quantization: if quantized { "QDQ, u8 activations, s8 weights per channel" } else { "none" }.into(),
        remarks: Vec::new(),
    }
}

fn runtime_identity(tract: bool) -> RuntimeIdentity {
    RuntimeIdentity {
        name: if tract { "tract" } else { "ort" }.into(),
        version: if tract { "0.23.9" } else { "1.24.1" }.into(),
        provider: if tract { "CPU" } else { "CPUExecutionProvider" }.into(),
        library: None,
        library_sha256: None,
    }
}

fn environment() -> Environment {
    Environment {
        host: "somewhere".into(),
        os: "Debian 13".into(),
        arch: "x86_64".into(),
        cpu: "AMD EPYC 9755".into(),
        cpu_features: vec!["avx2".into(), "avx512_vnni".into()],
        cores: 2,
        kernel: Some("6.12.0".into()),
        virtualization: Some("QEMU".into()),
        physical_cores: Some(2),
        logical_cores: Some(2),
        smt: Some(false),
        numa_nodes: Some(1),
        frequency_mhz: Some(2600.0),
        load_average: Some(0.1),
        memory_bytes: Some(8_000_000_000),
        memory_available_bytes: Some(6_000_000_000),
        ..Environment::default()
    }
}

fn dataset_spec() -> DatasetSpec {
    DatasetSpec {
        path: "fixtures/fashion-mnist".into(),
        split: Some("test".into()),
        seed: 7,
        on_bad_image: OnBadImage::Fail,
        ..DatasetSpec::at("")
    }
}
