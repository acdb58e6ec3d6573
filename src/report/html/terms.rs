//! What each metric is, to the last detail.

use super::super::json;
use super::super::markup::escape;
use super::Section;
use super::element::folded;
use crate::compare::Comparison;
use crate::metric::MetricSpec;

/// The section.
pub(super) fn section(comparison: &Comparison) -> Section {
    let one =
        |spec: MetricSpec| format!("<dt>{}</dt><dd>{}</dd>", escape(spec.title), escape(spec.definition));
    let terms: String = json::metrics(comparison).into_iter().map(one).collect();
    let body =
        folded("Definition of every metric on this page", &format!("<dl class=\"terms\">{terms}</dl>"));
    Section { id: "definitions", title: "Definitions", body }
}
