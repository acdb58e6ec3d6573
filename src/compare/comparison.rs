//! The result of a comparison, as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Criteria, Verdict};
use crate::metric::paired::Discordant;
use crate::metric::{CalibrationBin, Flip, Interval, PairReading, Reading, SliceReading, Test};
use crate::record::RunRecord;

/// All runs of a comparison, one column each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Index of the baseline in `columns`.
    pub baseline: usize,
    /// What is accepted.
    pub criteria: Criteria,
    /// Resamples behind the intervals of figures that have no formula.
    pub resamples: usize,
    /// One for each run, in the order asked for.
    pub columns: Vec<Column>,
    /// One for each data set, the highest accuracy first; empty where all runs are on the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub across: Vec<OnData>,
    /// What a reader must know before trusting a figure.
    pub warnings: Vec<Warning>,
}

impl Comparison {
    /// The run that `column` is set against; none for the baseline itself.
    pub fn reference(&self, column: &Column) -> Option<&Column> {
        column.versus.as_ref()?;
        self.columns.get(column.against().unwrap_or(self.baseline))
    }

    /// How far the accuracy of run `index` is from that on the baseline's data, where the run stands for
    /// other data.
    pub fn unpaired(&self, index: usize) -> Option<&Delta> {
        self.across.iter().find(|on| on.column == index)?.difference.as_ref()
    }
}

/// A data set among several, and the run that stands for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OnData {
    /// A name that no other of them has.
    pub data: String,
    /// Index in the columns of the first run that was evaluated on it: all others on it are set against
    /// that one.
    pub column: usize,
    /// Number of classes.
    pub classes: usize,
    /// Share of the images that are of the commonest class: the accuracy of always naming it.
    pub commonest: f64,
    /// Its accuracy − that of the run which stands for the baseline's data, as of two independent samples;
    /// absent for that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Delta>,
}

/// One run and what was read from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// The record: job, identities, environment, outcome, raw evidence. Its variant names the data too,
    /// where runs are on several.
    pub record: RunRecord,
    /// Every metric whose evidence is there, in the order of the list of metrics.
    pub readings: Vec<Reading>,
    /// Counts by class, when the model was evaluated on data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Classes>,
    /// Accuracy by what the columns of the data set say about the images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceReading>,
    /// The bins behind the calibration error, the least confident first; empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<CalibrationBin>,
    /// Set against the baseline, or the first run on its own data; absent for the baseline itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versus: Option<Versus>,
    /// The verdict; absent for the baseline itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

impl Column {
    /// The reading of metric `id`, if there is one.
    pub fn reading(&self, id: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| reading.metric == id)
    }

    /// Index of the run that it is set against, where that is not the baseline but the first on its own data.
    pub fn against(&self) -> Option<usize> {
        self.versus.as_ref()?.against
    }

    /// Whether it was evaluated on the images of the run that it is set against.
    pub fn is_paired(&self) -> bool {
        self.versus.as_ref().is_some_and(|versus| versus.delta("accuracy").is_some())
    }
}

/// Counts by class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Classes {
    /// Names in label order.
    pub names: Vec<String>,
    /// Images of each class.
    pub support: Vec<u64>,
    /// `confusion[truth][prediction]`: images.
    pub confusion: Vec<Vec<u64>>,
    /// Images whose highest score is shared by several classes; the lowest index was taken.
    pub ties: u64,
    /// Images whose scores held a value that is not finite; they count as wrong and are in
    /// `support`, not in `confusion`.
    pub not_finite: u64,
}

/// A run set against the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Versus {
    /// Index of the run that it is set against, where that is not the baseline: the first that was
    /// evaluated on the same data, which is not the baseline's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<usize>,
    /// Differences of all metrics that both have and that may be compared: timings and memory only
    /// on one machine with the same settings, accuracies only on the same images.
    pub deltas: Vec<Delta>,
    /// What only a pair can show: paired speed-up, agreement, flips, numeric distance.
    pub pair: Vec<PairReading>,
    /// Differences of accuracy by what the columns of the data set say about the images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceDelta>,
    /// Images on which the two predictions differ; absent where the two were not evaluated on the
    /// same images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flips: Option<WorstFlips>,
}

/// Images on which the two predictions differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorstFlips {
    /// How many there are.
    pub total: u64,
    /// The worst thousand of them, the worst first; `bench flips` gives all.
    pub worst: Vec<Flip>,
}

impl Versus {
    /// The difference of metric `id`, if both runs have it.
    pub fn delta(&self, id: &str) -> Option<&Delta> {
        self.deltas.iter().find(|delta| delta.metric == id)
    }

    /// The pair reading `id`, if it could be made.
    pub fn pair(&self, id: &str) -> Option<&PairReading> {
        self.pair.iter().find(|reading| reading.metric == id)
    }
}

/// The difference of one metric. For metrics of images both sides are computed on the images that
/// both evaluated, so where one side left some out, this is not the difference of the two readings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delta {
    /// Id of the metric.
    pub metric: String,
    /// candidate − baseline in the metric's unit; null where either is undefined.
    pub absolute: Option<f64>,
    /// (candidate − baseline) / baseline; null where the baseline is 0 or either is undefined.
    pub relative: Option<f64>,
    /// How sure `absolute` is, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// The same interval by a simpler method, as a check (Bonett and Price beside Tango).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_check: Option<Interval>,
    /// Why there is no interval, for a difference that could have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_interval: Option<String>,
    /// Test of no difference, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// The same test in its stricter form, as a check (McNemar exact beside mid-p).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_check: Option<Test>,
    /// Images that one side alone has right, for a difference of shares of images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discordant: Option<Discordant>,
    /// About how many images the difference rests on, for one that is resampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<f64>,
    /// One for each class, where the metric has classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_class: Option<Vec<ClassDelta>>,
}

/// The difference of one metric in one class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClassDelta {
    /// candidate − baseline; null where either is undefined.
    pub absolute: Option<f64>,
    /// How sure it is, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Why there is no interval, for a difference that could have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_interval: Option<String>,
    /// Test of no difference, where the class has enough images that one side alone gets right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// Why there is no test, for a difference that could have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untested: Option<String>,
    /// Images of the class that one side alone has right, for recall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discordant: Option<Discordant>,
    /// About how many images the difference rests on, for one that is resampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<f64>,
}

/// The difference of accuracy on the images about which a column says the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SliceDelta {
    /// The column.
    pub column: String,
    /// What it says about these images; empty where it says nothing.
    pub value: String,
    /// candidate − baseline, on the images that both evaluated.
    pub absolute: f64,
    /// How sure it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Test of no difference, where the slice has enough images that one side alone gets right;
    /// corrected for the number of slices tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// Why there is no test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untested: Option<String>,
    /// Images of the slice that one side alone has right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discordant: Option<Discordant>,
}

/// Kinds of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Some image could not be decoded and was left out.
    ImagesSkipped,
    /// The run ended before it had evaluated all images.
    ImagesNotReached,
    /// Files among the images were not read.
    FilesPassedOver,
    /// The model's class names and the data's own have nothing in common.
    OtherClassNames,
    /// Images that a model was calibrated with are among those it is tested on.
    CalibrationOverlap,
    /// Some output held NaN or an infinity.
    NotFinite,
    /// Runs were made on different data, so that accuracies cannot be paired.
    DifferentData,
    /// A column says different things about an image in two runs, so that its slices are not compared.
    DifferentSlices,
    /// Runs were made with different preprocessing, so that accuracies are not compared.
    DifferentPreprocessing,
    /// Runs were made on different machines or session settings, so that latencies are not compared.
    DifferentMachine,
    /// A quantization scheme that is known to be slow or unsupported somewhere.
    Quantization,
    /// Warm-up ended before block medians agreed.
    NotSettled,
    /// Other work ran on the machine when the measurement began.
    Busy,
    /// Latencies of one process lie far apart.
    Unsteady,
    /// The container's limit on processor time is below what was used at once.
    QuotaBelowThreads,
    /// The processor's frequency is held down or moves.
    Powersave,
    /// A latency or a speed-up moved steadily while it was measured.
    Drift,
    /// Too few rounds, or not enough for the precision asked for.
    FewRounds,
    /// Neighbouring rounds hang together, so that the interval of a speed-up is too narrow.
    Autocorrelated,
    /// Idle threads that spin take time from other candidates.
    Spinning,
    /// The interval of a speed-up holds for these processes only.
    OneLaunch,
    /// Image files were decoded by different decoders or versions of one.
    DifferentDecoder,
    /// Runs in one runtime were made with different libraries of it.
    DifferentRuntime,
    /// Runs were measured at different times, so that drift of the machine is in their ratio.
    NotInterleaved,
}

/// Something a reader must know before trusting a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Its kind.
    pub code: WarningCode,
    /// One sentence that names the candidate and the figures.
    pub message: String,
}
