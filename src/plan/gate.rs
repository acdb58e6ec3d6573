//! `[gate]`: what a candidate may lose before the gate fails, as a user writes it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of rule.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// The candidate runs at all.
    #[value(hide = true)]
    Run,
    /// Accuracy is not worse by more than a margin.
    Accuracy,
    /// Any other metric is not worse by more than a margin.
    Metrics,
    /// No class loses more recall (or precision, or F1) than a margin.
    Classes,
    /// No slice of the data loses more accuracy than a margin.
    Slices,
    /// Both predict the same for enough images.
    Agreement,
    /// Not too many images changed sides.
    Flips,
    /// Latency at batch 1.
    Latency,
    /// Images a second on all cores.
    Throughput,
    /// Memory of the model.
    Memory,
    /// Time to load.
    Load,
    /// Bytes of the model.
    Size,
}

impl RuleKind {
    /// Its name in settings, flags and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Accuracy => "accuracy",
            Self::Metrics => "metrics",
            Self::Classes => "classes",
            Self::Slices => "slices",
            Self::Agreement => "agreement",
            Self::Flips => "flips",
            Self::Latency => "latency",
            Self::Throughput => "throughput",
            Self::Memory => "memory",
            Self::Load => "load",
            Self::Size => "size",
        }
    }
}

/// A margin as users write it: a number, or a text that says of what it is a share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MarginText {
    /// `0.5`
    Number(f64),
    /// `"99%-of-baseline"`
    Text(String),
}

impl MarginText {
    /// The same as text.
    pub fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What the gate holds a candidate to. Rules for accuracy, classes, slices, latency and size hold
/// with their defaults where nothing is said; `off` switches a rule off, the others are switched on by
/// writing them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GateSettings {
    /// Whether a rule that cannot tell fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Kinds of rules whose failures are warnings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft: Option<Vec<RuleKind>>,
    /// Kinds of rules that do not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<Vec<RuleKind>>,
    /// Accuracy: non-inferiority with a margin [default: that of the verdict].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<MarginSettings>,
    /// Other metrics, by id (`bench list metrics`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, MarginSettings>,
    /// Recall of every class, or of those named; or precision, or F1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassSettings>,
    /// Accuracy on every slice, or on those of the columns named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slices: Option<SliceSettings>,
    /// Share of images with the same prediction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementSettings>,
    /// Share of images that changed sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flips: Option<FlipSettings>,
    /// Latency at batch 1 [default: 5 % worse, 3 times the noise floor].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<CostSettings>,
    /// Time an image takes on all cores, the inverse of throughput.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput: Option<CostSettings>,
    /// Memory of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<CostSettings>,
    /// Time to load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<CostSettings>,
    /// Bytes of the model [default: 5 % more].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeSettings>,
    /// What holds otherwise in one runtime or device: `[gate.runtimes."ort:cuda".latency]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub runtimes: BTreeMap<String, GateSettings>,
}

/// How much may be lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarginSettings {
    /// Percentage points for shares, else the metric's own unit; or `"99%-of-baseline"`, or
    /// `"110%-of-errors"`.
    pub margin: MarginText,
}

/// How much a class may lose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClassSettings {
    /// What is held of each class [default: recall]. Precision and F1 need the predictions of both sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<ClassMetric>,
    /// Percentage points of it: 5 is 0.05 of an F1 [default: 5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Classes with fewer images are not judged [default: 20].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// Only these classes [default: all].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// Margins of single classes, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub margins: BTreeMap<String, f64>,
}

/// What is held of each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassMetric {
    /// Share of the images of the class that are predicted as it.
    #[default]
    Recall,
    /// Share of the images predicted as the class that are of it.
    Precision,
    /// Harmonic mean of both.
    F1,
}

impl ClassMetric {
    /// Id of the metric that has a value of it for each class.
    pub fn id(self) -> &'static str {
        match self {
            Self::Recall => "macro_recall",
            Self::Precision => "macro_precision",
            Self::F1 => "macro_f1",
        }
    }

    /// Its name in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recall => "recall",
            Self::Precision => "precision",
            Self::F1 => "F1",
        }
    }
}

/// How much accuracy a slice may lose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SliceSettings {
    /// Percentage points of accuracy [default: 5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Slices with fewer images are not judged [default: 20].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// Only slices of these columns [default: all].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Margins of single slices, by `column=value`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub margins: BTreeMap<String, f64>,
}

/// How often both must predict the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementSettings {
    /// Percent of the images.
    pub at_least: f64,
}

/// How many images may change sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlipSettings {
    /// Percent of the images that the baseline has right and the candidate wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_to_wrong: Option<f64>,
    /// Percent of the images with another prediction, whichever way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any: Option<f64>,
}

/// How much worse something that the machine has a part in may be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CostSettings {
    /// Percent of the baseline's [default: 5; memory and load 10]; of all but latency at least 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Of latency alone: the limit is at least so many times the noise floor of the machine [default: 3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
}

/// How much larger the model may be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SizeSettings {
    /// Percent of the baseline's bytes [default: 5].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_a_policy_is_read_and_written_alike() {
        let text = r#"
            strict = true
            soft = ["latency", "memory"]
            [accuracy]
            margin = 1
            [metrics.macro_f1]
            margin = "99%-of-baseline"
            [classes]
            metric = "f1"
            margin = 3.5
            only = ["coat"]
            margins = { coat = 2.0 }
            [runtimes."ort:cuda".latency]
            margin = 10.0
        "#;
        let read: GateSettings = toml::from_str(text).unwrap();
        assert_eq!(read.accuracy.as_ref().unwrap().margin.text(), "1");
        assert_eq!(read.metrics["macro_f1"].margin, MarginText::Text("99%-of-baseline".into()));
        assert_eq!(read.classes.as_ref().unwrap().metric, Some(ClassMetric::F1));
        assert_eq!(read.runtimes["ort:cuda"].latency.as_ref().unwrap().margin, Some(10.0));
        assert_eq!(toml::from_str::<GateSettings>(&toml::to_string(&read).unwrap()).unwrap(), read);
    }

    #[test]
    fn a_rule_that_does_not_exist_is_refused() {
        for wrong in ["acuracy = { margin = 1 }", "[classes]\nmargn = 1", "soft = [\"lateness\"]"] {
            assert!(toml::from_str::<GateSettings>(wrong).is_err(), "{wrong}");
        }
    }
}
