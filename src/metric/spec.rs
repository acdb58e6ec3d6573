//! What a metric is and what it reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Interval, Test};

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

/// What must be the same in two runs before their values are set against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Nothing: the value belongs to the model file.
    Model,
    /// The machine and the session settings.
    Machine,
    /// The images and their preprocessing.
    Images,
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
    /// What two runs must share for that.
    pub basis: Basis,
}

impl MetricSpec {
    /// Of a time or size that the machine has a part in, the lower the better.
    pub(super) const fn cost(
        unit: Unit,
        id: &'static str,
        title: &'static str,
        definition: &'static str,
    ) -> Self {
        let (better, difference, basis) = (Better::Lower, Difference::Relative, Basis::Machine);
        Self { id, title, definition, unit, better, difference, basis }
    }
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
    /// How sure the value is, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// One value a class, where the metric has them; null where it is undefined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_class: Option<Vec<Option<f64>>>,
    /// How sure the value of each class is, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_class_interval: Option<Vec<Option<Interval>>>,
    /// Why the value is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}

impl Reading {
    /// A value that rests on `n` images or runs. One that is not finite becomes null with a reason,
    /// so that no NaN reaches JSON.
    pub fn of(spec: &MetricSpec, value: f64, n: u64) -> Self {
        if !value.is_finite() {
            return Self::undefined(spec, n, "the value is not finite");
        }
        Self {
            metric: spec.id.into(),
            value: Some(value),
            n,
            interval: None,
            per_class: None,
            per_class_interval: None,
            undefined: None,
        }
    }

    /// No value, and why.
    pub fn undefined(spec: &MetricSpec, n: u64, why: impl Into<String>) -> Self {
        Self {
            metric: spec.id.into(),
            value: None,
            n,
            interval: None,
            per_class: None,
            per_class_interval: None,
            undefined: Some(why.into()),
        }
    }

    /// Adds how sure the value is; nothing where there is no value.
    pub fn with_interval(mut self, interval: Option<Interval>) -> Self {
        self.interval = interval.filter(|_| self.value.is_some());
        self
    }

    /// Adds how sure the value of each class is.
    pub fn with_class_intervals(mut self, intervals: Vec<Option<Interval>>) -> Self {
        self.per_class_interval = Some(intervals);
        self
    }

    /// Adds one value a class.
    pub fn with_classes(mut self, per_class: Vec<Option<f64>>) -> Self {
        self.per_class = Some(per_class);
        self
    }
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
    /// How sure the value is, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Test that goes with the value, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// Why the value is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}

impl PairReading {
    /// A value that rests on `n` images, rounds or inputs; null with a reason where it is not finite.
    pub fn of(spec: &MetricSpec, value: f64, n: u64) -> Self {
        if !value.is_finite() {
            return Self::undefined(spec, n, "the value is not finite");
        }
        Self { metric: spec.id.into(), value: Some(value), n, interval: None, test: None, undefined: None }
    }

    /// No value, and why.
    pub fn undefined(spec: &MetricSpec, n: u64, why: impl Into<String>) -> Self {
        Self {
            metric: spec.id.into(),
            value: None,
            n,
            interval: None,
            test: None,
            undefined: Some(why.into()),
        }
    }

    /// Adds the test that goes with the value; nothing where there is no value.
    pub fn with_test(mut self, test: Test) -> Self {
        self.test = self.value.map(|_| test);
        self
    }

    /// Adds how sure the value is; nothing where there is no value.
    pub fn with_interval(mut self, interval: Option<Interval>) -> Self {
        self.interval = interval.filter(|_| self.value.is_some());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{AGREEMENT, SIZE};

    #[test]
    fn a_value_that_is_not_finite_reaches_json_as_null_with_a_reason() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let (one, two) = (Reading::of(&SIZE, value, 1), PairReading::of(&AGREEMENT, value, 1));
            assert_eq!((one.value, two.value), (None, None));
            assert!(one.undefined.is_some() && two.undefined.is_some());
        }
    }
}
