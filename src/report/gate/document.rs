//! The gate for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::github::verdict;
use super::{GateLine, GateView};
use crate::gate::{Finding, Judgement};
use crate::json_text;
use crate::record::ToolIdentity;

/// Version of the document's layout. A breaking change raises it.
pub const GATE_SCHEMA_VERSION: u32 = 1;

/// A judgement as one JSON document.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GateDocument {
    /// Layout of this document.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: ToolIdentity,
    /// `pass`, `fail`, `cannot_tell` or `could_not_run`.
    pub verdict: String,
    /// The same in a sentence.
    pub headline: String,
    /// In the order of candidates, for each in the order of rules.
    pub findings: Vec<GateEntry>,
    /// What a reader must know before trusting them: images left out, calibrated with, decoded otherwise.
    pub remarks: Vec<String>,
}

/// A finding, in figures and in words.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GateEntry {
    /// What is held to a limit.
    pub title: String,
    /// Why it comes to that, in one sentence.
    pub reason: String,
    /// What would decide; null where it is decided.
    pub missing: Option<String>,
    /// The figures.
    pub finding: Finding,
}

impl GateDocument {
    /// Of a judgement and its words.
    pub fn of(judgement: &Judgement, view: &GateView) -> Self {
        let entry = |(finding, line): (&Finding, &GateLine)| GateEntry {
            title: line.title.clone(),
            reason: line.reason.clone(),
            missing: line.missing.clone(),
            finding: finding.clone(),
        };
        Self {
            schema_version: GATE_SCHEMA_VERSION,
            tool: ToolIdentity::current(),
            verdict: verdict(view.effect).into(),
            headline: view.headline.clone(),
            findings: judgement.findings.iter().zip(&view.lines).map(entry).collect(),
            remarks: view.remarks.clone(),
        }
    }

    /// The document as indented JSON with a newline at its end.
    pub fn to_json(&self) -> serde_json::Result<String> {
        json_text::indented(self)
    }
}

/// The published JSON schema of [`GateDocument`].
pub fn gate_schema() -> serde_json::Value {
    schemars::schema_for!(GateDocument).to_value()
}
