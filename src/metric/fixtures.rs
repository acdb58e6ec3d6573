//! Small runs for tests: complete records with no evidence, and evidence to put into them.

use std::collections::BTreeMap;

use crate::plan::{
    Activation, Device, InputPort, Job, ModelSpec, Optimization, OutputPort, Protocol, RuntimeSpec,
    SessionOptions,
};
use crate::preprocess::{Channels, Layout, Preprocess, Scale, Size};
use crate::record::{
    DatasetIdentity, Environment, Evidence, LatencyEvidence, ModelIdentity, Outcome, OutputEvidence,
    Predictions, Round, Run, RunRecord, SCHEMA_VERSION, ThroughputEvidence, ThroughputRound, ToolIdentity,
    WarmUp,
};
use crate::tensor::ElementType;

/// A completed run of `variant` in ONNX Runtime, without evidence.
pub(crate) fn run(variant: &str) -> Run {
    let record = RunRecord {
        measurement: String::new(),
        schema_version: SCHEMA_VERSION,
        tool: ToolIdentity::current(),
        started_at: "2030-01-01T10:00:00Z".into(),
        finished_at: "2030-01-01T10:01:00Z".into(),
        job: job(variant),
        model: model(variant),
        dataset: Some(dataset()),
        runtime: None,
        environment: environment(),
        outcome: Outcome::Completed,
        evidence: Evidence::default(),
    };
    Run { record, predictions: None }
}

fn job(variant: &str) -> Job {
    let size = Size { width: 4, height: 4 };
    Job {
        variant: variant.into(),
        model: ModelSpec { path: format!("{variant}.onnx").into(), sha256: variant.into() },
        runtime: RuntimeSpec { name: "ort".into(), device: Device::Cpu },
        session: SessionOptions {
            threads: 1,
            optimization: Optimization::All,
            spinning: false,
            config: BTreeMap::new(),
        },
        input: InputPort { name: "images".into(), element: ElementType::F32, shape: vec![] },
        output: OutputPort {
            name: "scores".into(),
            element: ElementType::F32,
            shape: vec![],
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
            mean: vec![],
            std: vec![],
            layout: Layout::Nchw,
            element: ElementType::F32,
            size,
        },
        dataset: None,
        verdict: Default::default(),
        protocol: Protocol::default(),
        sources: BTreeMap::new(),
    }
}

fn model(variant: &str) -> ModelIdentity {
    ModelIdentity {
        path: format!("{variant}.onnx"),
        sha256: variant.into(),
        bytes: 1000,
        parameters: 250,
        initializer_bytes: BTreeMap::new(),
        opset: 17,
        quantization: "none".into(),
        remarks: vec![],
    }
}

fn dataset() -> DatasetIdentity {
    DatasetIdentity {
        name: "shirts".into(),
        format: "folder".into(),
        split: None,
        images: 4,
        classes: vec!["coat".into(), "shirt".into(), "dress".into()],
        own_classes: Vec::new(),
        sha256: "5e7".into(),
        decoder: None,
        shard: None,
        passed_over: None,
    }
}

fn environment() -> Environment {
    Environment {
        host: "alpha".into(),
        os: "Linux".into(),
        arch: "x86_64".into(),
        cpu: "EPYC".into(),
        cores: 2,
        ..Environment::default()
    }
}

/// Rows of (id, label, scores).
pub(crate) fn predictions(classes: usize, rows: &[(&str, u32, &[f32])]) -> Predictions {
    let mut predictions = Predictions::new(classes);
    for (id, label, scores) in rows {
        predictions.push((*id).into(), *label, scores);
    }
    predictions
}

/// Rows of (id, label, scores, what each of `slices` says).
pub(crate) fn sliced(classes: usize, slices: &[&str], rows: &[(&str, u32, &[f32], &[&str])]) -> Predictions {
    let names: Vec<String> = slices.iter().map(|&name| name.to_owned()).collect();
    let mut predictions = Predictions::new(classes).with_slices(&names);
    for (id, label, scores, values) in rows {
        predictions.push_sliced((*id).into(), *label, scores, values);
    }
    predictions
}

/// A latency pass with one block a round, rounds numbered from 0.
pub(crate) fn latency(rounds: &[&[u64]]) -> LatencyEvidence {
    let rounds = rounds.iter().zip(0..).map(|(samples, round)| Round {
        round,
        position: 0,
        launch: round / 4,
        samples_ns: samples.to_vec(),
    });
    let warm_up = WarmUp { runs: 10, elapsed_ns: 1_500_000_000, settled: true };
    LatencyEvidence {
        batch: 1,
        session_sha256: String::new(),
        warm_up,
        rounds: rounds.collect(),
        ended: None,
        launch_error: None,
    }
}

/// A throughput pass with rounds of (images, nanoseconds), numbered from 0.
pub(crate) fn throughput(rounds: &[(u64, u64)]) -> ThroughputEvidence {
    let rounds = rounds.iter().zip(0..).map(|(&(images, elapsed_ns), round)| ThroughputRound {
        round,
        images,
        elapsed_ns,
    });
    ThroughputEvidence { batch: 32, streams: 2, rounds: rounds.collect() }
}

/// Outputs on seeded inputs.
pub(crate) fn outputs(inputs: usize, scores: &[f32]) -> OutputEvidence {
    let scores = scores.iter().copied().map(Some).collect();
    OutputEvidence { source: "seeded".into(), inputs, scores }
}
