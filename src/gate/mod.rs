//! Whether a candidate may pass: a [`Policy`] of rules, each held against what a comparison says, each
//! with one of three outcomes. Only worse fails. Knows no text and no runtime: what is found is data,
//! and `report` puts it into words.

mod accuracy;
mod against;
mod baseline;
mod case;
mod confirm;
mod cost;
mod finding;
#[cfg(test)]
mod fixtures;
mod flips;
mod groups;
mod in_runtimes;
mod judge;
mod metrics;
mod policy;
mod ran;
mod share;
mod size;

pub use baseline::{
    BASELINE_VERSION, Baseline, BaselineAccuracy, BaselineClass, BaselineCosts, BaselineRun, BaselineSlice,
    baseline_schema,
};
pub use case::{Case, CostChange, FlipCounts, GroupChange, MetricChange, Unknown};
pub use confirm::{confirm, to_confirm};
pub use finding::{Effect, Finding, Ground, Judgement, Needed, Outcome, Scale, Scope};
pub use in_runtimes::{Group, in_runtimes};
pub use judge::{judge, judge_cases};
pub use policy::{
    AccuracyRule, ClassRule, CostRule, FlipRule, GroupRule, MetricMargin, MetricRule, Policy, Rules,
    policy_schema,
};
pub use share::{Share, ShareChange};
