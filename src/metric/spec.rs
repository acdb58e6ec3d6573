//! What a metric is and what it reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a value counts; decides how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Nanoseconds.
    Nanoseconds,
    /// Images a second.
    PerSecond,
    /// A share from 0 to 1, written in percent.
    Fraction,
    /// A score from 0 to 1, written with four decimals.
    Score,
    /// Natural-log units.
    Nats,
    /// A number of things.
    Count,
    /// A ratio of two equal quantities, written as `1.79x`.
    Ratio,
    /// A number without unit.
    Plain,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// Neither.
    Neither,
}

/// How two values of a metric are set against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// (candidate − baseline) / baseline, written in percent.
    Relative,
    /// candidate − baseline in the metric's own unit; a fraction in percentage points.
    Absolute,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MetricSpec {
    /// Stable name in JSON and policies, snake case.
    pub id: &'static str,
    /// Name in tables.
    pub title: &'static str,
    /// One sentence: the exact definition.
    pub definition: &'static str,
    /// What a value counts.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// How two values are compared.
    pub difference: Difference,
}

/// A metric's value for one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// Id of the metric.
    pub metric: String,
    /// The value, or null where it is undefined.
    pub value: Option<f64>,
    /// Number of images or runs that it rests on.
    pub n: u64,
    /// One value a class, where the metric has them; null where it is undefined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_class: Option<Vec<Option<f64>>>,
    /// Why the value is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}

/// A value that needs two runs: the baseline's and the candidate's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PairReading {
    /// Id of the metric.
    pub metric: String,
    /// The value, or null where it is undefined.
    pub value: Option<f64>,
    /// Number of images, rounds or inputs that it rests on.
    pub n: u64,
    /// Why the value is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}
