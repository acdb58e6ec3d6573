//! A scripted runtime: for tests of everything around a runtime, and for measuring what the harness
//! itself costs. It reads no model: any file will do, and the scores come from the pixels alone.
//!
//! Its answer is `K` scores, one a class, where `K` is the last axis of the output: class `k` scores
//! `10 × (1 − |m − k / (K − 1)|)`, with `m` the mean of the image's values held to [0, 1] (bytes are
//! scaled to it). So images of a flat grey `k / (K − 1)` are class `k`, and a test can know every
//! answer beforehand. One score is `20 × (m − 0.5)`. Outputs declared as probabilities go through
//! softmax, or sigmoid for one score.
//!
//! The script is in [`SessionOptions::config`]; times are in nanoseconds:
//!
//! | setting | effect |
//! |---|---|
//! | `fake.run_ns` | every run takes this long, in a busy loop, 20,000 by default |
//! | `fake.jitter_ns` | up to this much more, drawn from the seed |
//! | `fake.prepare_ns` | loading takes this long |
//! | `fake.classes` | `K`, where the output does not state it |
//! | `fake.noise` | scores are shifted by up to this much, drawn from the seed and the image |
//! | `fake.seed` | seed of noise and jitter, 0 by default |
//! | `fake.nan_every` | the scores of every n-th image that a session sees are NaN |
//! | `fake.allocate_mb` | each session holds this much memory and touches all of it |
//! | `fake.once_in` | a folder: loading leaves a file of the model's name there, and fails where it is already |
//! | `fake.fail_at` | `prepare`, `session`, `run` or `run:N` (the N-th run, from 1): an error |
//! | `fake.unsupported_at` | likewise: an error of kind `Unsupported` |
//! | `fake.abort_at` | likewise: the process aborts |
//! | `fake.hang_at` | likewise: the call never returns |

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::shape::{check_batch, check_input};
use super::{ModelToRun, Prepared, Runtime, Session};
use crate::error::{Error, Result};
use crate::plan::{Activation, Device, Dim, InputPort, OutputPort, SessionOptions};
use crate::record::RuntimeIdentity;
use crate::tensor::{ElementType, Tensor, Values};

/// The scripted runtime in the list of runtimes.
pub struct Fake;

impl Runtime for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn check(&self, device: Device) -> Result<RuntimeIdentity> {
        if device != Device::Cpu {
            return Err(Error::unavailable("the scripted runtime has no GPU").help("use `fake`"));
        }
        Ok(RuntimeIdentity::new(self.name(), env!("CARGO_PKG_VERSION"), "script", None))
    }

    fn prepare(
        &self,
        model: ModelToRun<'_>,
        device: Device,
        options: &SessionOptions,
    ) -> Result<Box<dyn Prepared>> {
        self.check(device)?;
        if !model.path.is_file() {
            return Err(Error::unusable("the model file does not exist").at_path(model.path));
        }
        let script = Script::read(&options.config)?;
        let classes = classes(model.output, &script)?;
        script.act(Stage::Prepare)?;
        script.load_once(model.path)?;
        busy_wait(script.prepare);
        Ok(Box::new(FakeModel { script, classes, input: model.input.clone(), output: model.output.clone() }))
    }
}

fn classes(output: &OutputPort, script: &Script) -> Result<usize> {
    script.classes.or_else(|| output.shape.last().and_then(Dim::known)).filter(|&k| k > 0).ok_or_else(|| {
        Error::usage(format!("the output `{}` does not say how many classes there are", output.name))
            .help("set fake.classes")
    })
}

/// Where something can happen; runs count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Prepare,
    Session,
    Run(u64),
}

/// A stage as a script names it: `run` means every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    At(Stage),
    EveryRun,
}

impl When {
    fn is(self, stage: Stage) -> bool {
        match self {
            Self::At(at) => at == stage,
            Self::EveryRun => matches!(stage, Stage::Run(_)),
        }
    }
}

impl FromStr for When {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text.split_once(':') {
            None if text == "prepare" => Self::At(Stage::Prepare),
            None if text == "session" => Self::At(Stage::Session),
            None if text == "run" => Self::EveryRun,
            Some(("run", number)) => Self::At(Stage::Run(number.parse().map_err(drop)?)),
            _ => return Err(()),
        })
    }
}

/// A run takes so long that records do not fill with millions of them.
const RUN: Duration = Duration::from_micros(20);

/// The settings, read once.
#[derive(Clone, Debug, Default)]
struct Script {
    run: Duration,
    jitter_ns: u64,
    prepare: Duration,
    classes: Option<usize>,
    noise: f32,
    seed: u64,
    nan_every: Option<u64>,
    allocate_mb: usize,
    once_in: Option<PathBuf>,
    fail_at: Option<When>,
    unsupported_at: Option<When>,
    abort_at: Option<When>,
    hang_at: Option<When>,
}

impl Script {
    fn read(config: &BTreeMap<String, String>) -> Result<Self> {
        let mut script = Self { run: RUN, ..Self::default() };
        for (key, value) in config {
            if let Some(name) = key.strip_prefix("fake.") {
                script.set(name, value).ok_or_else(|| {
                    Error::usage(format!("`{key} = {value}` is nothing that the scripted runtime knows"))
                        .help("its settings are listed in the documentation of `runtime::fake`")
                })?;
            }
        }
        Ok(script)
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "run_ns" => self.run = Duration::from_nanos(parse(value)?),
            "jitter_ns" => self.jitter_ns = parse(value)?,
            "prepare_ns" => self.prepare = Duration::from_nanos(parse(value)?),
            "classes" => self.classes = Some(parse(value)?),
            "noise" => self.noise = parse(value)?,
            "seed" => self.seed = parse(value)?,
            "nan_every" => self.nan_every = Some(parse(value)?).filter(|&n| n > 0),
            "allocate_mb" => self.allocate_mb = parse(value)?,
            "once_in" => self.once_in = Some(value.into()),
            "fail_at" => self.fail_at = Some(parse(value)?),
            "unsupported_at" => self.unsupported_at = Some(parse(value)?),
            "abort_at" => self.abort_at = Some(parse(value)?),
            "hang_at" => self.hang_at = Some(parse(value)?),
            _ => return None,
        }
        Some(())
    }

    /// Does what the script has for `stage`.
    fn act(&self, stage: Stage) -> Result<()> {
        let is_due = |when: Option<When>| when.is_some_and(|when| when.is(stage));
        if is_due(self.abort_at) {
            eprintln!("fake: aborting as the script says");
            std::process::abort();
        }
        while is_due(self.hang_at) {
            std::thread::sleep(Duration::from_secs(60));
        }
        if is_due(self.unsupported_at) {
            return Err(Error::unsupported(
                "operator Fake (node fake_1) is not supported, as the script says",
            ));
        }
        if is_due(self.fail_at) {
            return Err(Error::unusable("the scripted runtime fails, as the script says"));
        }
        Ok(())
    }

    /// Later launches of a model fail, as where memory or a licence is there for one process.
    fn load_once(&self, model: &Path) -> Result<()> {
        let (Some(folder), Some(name)) = (&self.once_in, model.file_name()) else { return Ok(()) };
        File::create_new(folder.join(name)).map(drop).map_err(|cause| {
            Error::unusable("the scripted runtime loads a model once, as the script says").because(cause)
        })
    }

    fn time_of(&self, run: u64) -> Duration {
        if self.jitter_ns == 0 {
            return self.run;
        }
        self.run + Duration::from_nanos(mix(self.seed, run) % (self.jitter_ns + 1))
    }
}

fn parse<T: FromStr>(value: &str) -> Option<T> {
    value.trim().parse().ok()
}

/// Sleeping would be too coarse for microseconds.
fn busy_wait(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// A well-mixed number from two: the finalizer of SplitMix64 (Steele et al., 2014).
fn mix(seed: u64, number: u64) -> u64 {
    let mut x = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

struct FakeModel {
    script: Script,
    classes: usize,
    input: InputPort,
    output: OutputPort,
}

impl Prepared for FakeModel {
    fn preferred_batch(&self) -> usize {
        32
    }

    fn session(&mut self, batch: usize) -> Result<Box<dyn Session>> {
        check_batch(&self.input, batch)?;
        self.script.act(Stage::Session)?;
        Ok(Box::new(FakeSession {
            script: self.script.clone(),
            classes: self.classes,
            batch,
            input: self.input.clone(),
            is_vector: self.output.shape.len() == 1,
            activation: self.output.activation,
            _memory: vec![1; self.script.allocate_mb << 20],
            means: Vec::new(),
            runs: 0,
            images: 0,
        }))
    }
}

struct FakeSession {
    script: Script,
    classes: usize,
    batch: usize,
    input: InputPort,
    /// Whether the output is `[K]` instead of `[N, K]`.
    is_vector: bool,
    activation: Activation,
    _memory: Vec<u8>,
    /// Mean of each bound image.
    means: Vec<f32>,
    runs: u64,
    /// Images of all runs so far.
    images: u64,
}

impl Session for FakeSession {
    fn bind(&mut self, input: &Tensor) -> Result<()> {
        check_input(&self.input, self.batch, input)?;
        let values = unit_range(input.values());
        let each = (values.len() / self.batch.max(1)).max(1);
        self.means = values.chunks(each).map(mean).collect();
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        if self.means.is_empty() {
            return Err(Error::unusable("the session was run before an input was bound"));
        }
        self.runs += 1;
        self.images += self.means.len() as u64;
        let time = self.script.time_of(self.runs);
        if !time.is_zero() {
            busy_wait(time);
        }
        self.script.act(Stage::Run(self.runs))
    }

    fn output(&mut self) -> Result<Tensor> {
        if self.runs == 0 {
            return Err(Error::unusable("the session has no output before its first run"));
        }
        let first = self.images - self.means.len() as u64;
        let rows = self.means.iter().zip(first..).flat_map(|(&mean, image)| self.scores(mean, image));
        let values: Vec<f32> = rows.collect();
        let shape = if self.is_vector { vec![values.len()] } else { vec![self.means.len(), self.classes] };
        Tensor::new(shape, Values::F32(values))
    }
}

impl FakeSession {
    /// The scores of the image with this mean; `image` counts from 0.
    fn scores(&self, mean: f32, image: u64) -> Vec<f32> {
        if self.script.nan_every.is_some_and(|n| (image + 1).is_multiple_of(n)) {
            return vec![f32::NAN; self.classes];
        }
        let logits = (0..self.classes).map(|class| self.logit(mean, class)).collect();
        match self.activation {
            Activation::Logits => logits,
            Activation::Probabilities => probabilities(logits),
        }
    }

    fn logit(&self, mean: f32, class: usize) -> f32 {
        let clean = if self.classes == 1 {
            20.0 * (mean - 0.5)
        } else {
            10.0 * (1.0 - (mean - class as f32 / (self.classes - 1) as f32).abs())
        };
        clean + self.script.noise * self.draw(mean, class)
    }

    /// A number in [-1, 1) that depends on the seed, the image and the class.
    fn draw(&self, mean: f32, class: usize) -> f32 {
        let bits = mix(mix(self.script.seed, u64::from(mean.to_bits())), class as u64);
        (bits >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

fn probabilities(logits: Vec<f32>) -> Vec<f32> {
    if let [logit] = logits[..] {
        return vec![1.0 / (1.0 + (-logit).exp())];
    }
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// Values held to [0, 1]; bytes are scaled to it.
fn unit_range(values: &Values) -> Vec<f32> {
    let (offset, scale) = match values.element() {
        ElementType::F32 | ElementType::F16 => (0.0, 1.0),
        ElementType::U8 => (0.0, 255.0),
        ElementType::I8 => (128.0, 255.0),
    };
    values.to_f32().iter().map(|value| ((value + offset) / scale).clamp(0.0, 1.0)).collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::plan::Optimization;

    fn options(config: &[(&str, &str)]) -> SessionOptions {
        SessionOptions {
            threads: 1,
            optimization: Optimization::All,
            spinning: false,
            config: config.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }

    fn prepare(config: &[(&str, &str)], classes: usize) -> Result<Box<dyn Prepared>> {
        let batch = || Dim::Symbol("N".into());
        let input =
            InputPort { name: "x".into(), element: ElementType::U8, shape: vec![batch(), Dim::Known(2)] };
        let shape = vec![batch(), Dim::Known(classes)];
        let output = OutputPort {
            name: "y".into(),
            element: ElementType::F32,
            shape,
            activation: Activation::Logits,
            background: false,
        };
        let model = ModelToRun { path: Path::new(file!()), input: &input, output: &output };
        Fake.prepare(model, Device::Cpu, &options(config))
    }

    fn scores(config: &[(&str, &str)], images: &[u8]) -> Vec<f32> {
        let mut session = prepare(config, 3).unwrap().session(images.len()).unwrap();
        let pixels = images.iter().flat_map(|&grey| [grey, grey]).collect();
        session.bind(&Tensor::new(vec![images.len(), 2], Values::U8(pixels)).unwrap()).unwrap();
        session.run().unwrap();
        session.output().unwrap().values().to_f32()
    }

    fn best(row: &[f32]) -> usize {
        (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap()
    }

    #[test]
    fn a_flat_grey_is_its_class() {
        let scores = scores(&[], &[0, 127, 255]);
        let classes: Vec<usize> = scores.chunks(3).map(best).collect();
        assert_eq!(classes, [0, 1, 2]);
    }

    #[test]
    fn noise_depends_on_the_seed_alone() {
        let noisy = |seed| scores(&[("fake.noise", "0.5"), ("fake.seed", seed)], &[0, 200]);
        assert_eq!(noisy("1"), noisy("1"));
        assert_ne!(noisy("1"), noisy("2"));
        let clean = scores(&[], &[0, 200]);
        assert!(noisy("1").iter().zip(&clean).all(|(a, b)| (a - b).abs() <= 0.5));
    }

    #[test]
    fn every_second_image_can_be_nan() {
        let scores = scores(&[("fake.nan_every", "2")], &[0, 0, 0, 0]);
        let is_nan: Vec<bool> = scores.chunks(3).map(|row| row.iter().all(|s| s.is_nan())).collect();
        assert_eq!(is_nan, [false, true, false, true]);
    }

    #[test]
    fn it_fails_where_the_script_says() {
        assert!(prepare(&[("fake.fail_at", "prepare")], 3).is_err());
        assert!(prepare(&[("fake.fail_at", "session")], 3).unwrap().session(1).is_err());
        let mut session = prepare(&[("fake.fail_at", "run:2")], 3).unwrap().session(1).unwrap();
        session.bind(&Tensor::new(vec![1, 2], Values::U8(vec![0; 2])).unwrap()).unwrap();
        let outcomes: Vec<bool> = (0..3).map(|_| session.run().is_ok()).collect();
        assert_eq!(outcomes, [true, false, true]);
        let Err(error) = prepare(&[("fake.unsupported_at", "prepare")], 3) else { panic!("it prepared") };
        assert_eq!(error.kind, ErrorKind::Unsupported);
    }

    #[test]
    fn a_model_that_loads_once_does_not_load_again() {
        let folder = tempfile::tempdir().unwrap();
        let config = [("fake.once_in", folder.path().to_str().unwrap())];
        assert!(prepare(&config, 3).is_ok());
        let Err(error) = prepare(&config, 3) else { panic!("it loaded again") };
        assert!(error.what.contains("loads a model once"), "{error}");
    }

    #[test]
    fn a_run_takes_as_long_as_the_script_says() {
        let mut session = prepare(&[("fake.run_ns", "2000000")], 3).unwrap().session(1).unwrap();
        session.bind(&Tensor::new(vec![1, 2], Values::U8(vec![0; 2])).unwrap()).unwrap();
        let start = Instant::now();
        session.run().unwrap();
        assert!(start.elapsed() >= Duration::from_millis(2));
    }

    #[test]
    fn a_misspelt_script_is_refused() {
        for (key, value) in [("fake.run_time", "1"), ("fake.run_ns", "fast"), ("fake.fail_at", "lunch")] {
            let Err(error) = prepare(&[(key, value)], 3) else { panic!("{key} was taken") };
            assert!(error.what.contains(key), "{error}");
        }
    }
}
