//! A margin for any metric of images.

use super::rules::{place, wrong};
use crate::error::{Error, Result};
use crate::metric::{Basis, Better, METRICS, MetricSpec, Unit};
use crate::plan::MarginText;

/// A metric that is not worse by more than a margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricRule {
    /// Which.
    pub spec: &'static MetricSpec,
    /// How much worse it may be.
    pub margin: MetricMargin,
}

/// How much worse a metric may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricMargin {
    /// So much in the metric's own unit; shares as shares.
    Absolute(f64),
    /// To this multiple of the baseline's value: 0.99 of an accuracy, 1.05 of a loss.
    OfBaseline(f64),
    /// To this multiple of what the baseline's value lacks to 1.
    OfErrors(f64),
}

impl MetricMargin {
    /// The margin in the metric's unit, for a baseline of this value.
    pub fn of(self, baseline: f64) -> f64 {
        match self {
            Self::Absolute(margin) => margin,
            Self::OfBaseline(share) => (1.0 - share).abs() * baseline.abs(),
            Self::OfErrors(times) => (times - 1.0) * (1.0 - baseline),
        }
    }
}

/// The rule for metric `id`.
pub(super) fn metric_rule(id: &str, margin: &MarginText) -> Result<MetricRule> {
    let key = format!("metrics.{id}");
    let known = || {
        let ids: Vec<&str> = judged_metrics().map(|spec| spec.id).collect();
        format!("`bench list metrics` describes them; a gate can hold: {}", ids.join(", "))
    };
    let spec = judged_metrics().find(|spec| spec.id == id).ok_or_else(|| {
        Error::usage(format!("there is no metric {id} to hold")).at(place(&key)).help(known())
    })?;
    let margin = metric_margin(spec, &margin.text()).ok_or_else(|| {
        let wanted = match spec.unit {
            Unit::Fraction => "percentage points up to 100 (0.5)",
            Unit::Score => "a number below 1 in the metric's own unit (0.01)",
            _ => "a number in the metric's own unit (0.01)",
        };
        let share = match spec.better {
            Better::Lower => "105%-of-baseline",
            _ => "99%-of-baseline, or 110%-of-errors",
        };
        wrong(&format!("{key}.margin"), &format!("{wanted}, or {share}"))
    })?;
    Ok(MetricRule { spec, margin })
}

/// Figures of one run, over images, that have a better and a worse.
fn judged_metrics() -> impl Iterator<Item = &'static MetricSpec> {
    let all = METRICS.iter().map(|metric| metric.spec());
    all.filter(|spec| spec.basis == Basis::Images && spec.better != Better::Neither)
}

fn metric_margin(spec: &MetricSpec, text: &str) -> Option<MetricMargin> {
    let number = |text: &str| text.trim().trim_end_matches('%').trim().parse::<f64>().ok();
    match text.trim().split_once("-of-") {
        None => absolute(spec.unit, text).map(MetricMargin::Absolute),
        Some((share, "baseline")) => {
            let worse = match spec.better {
                Better::Lower => 100.0..=10_000.0,
                _ => f64::MIN_POSITIVE..=100.0,
            };
            number(share)
                .filter(|share| worse.contains(share))
                .map(|share| MetricMargin::OfBaseline(share / 100.0))
        }
        Some((times, "errors")) if spec.better == Better::Higher => {
            let times = number(times).filter(|times| (100.0..=10_000.0).contains(times));
            times.map(|times| MetricMargin::OfErrors(times / 100.0))
        }
        Some(_) => None,
    }
}

/// A margin in the metric's unit. Percent are those of a share: 5 % of an F1 could be 0.05 of it or a
/// twentieth of the baseline's, and 5 of it, or 1, would hold nothing.
fn absolute(unit: Unit, text: &str) -> Option<f64> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    match unit {
        Unit::Fraction => number(text.trim().trim_end_matches('%'))
            .filter(|points| (0.0..=100.0).contains(points))
            .map(|points| points / 100.0),
        Unit::Score => number(text).filter(|margin| (0.0..1.0).contains(margin)),
        _ => number(text).filter(|margin| *margin >= 0.0 && margin.is_finite()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Margin;
    use crate::gate::Policy;

    fn policy(text: &str) -> Result<Policy> {
        Policy::of(&toml::from_str(text).unwrap(), Margin::Points(0.005))
    }

    #[test]
    fn each_form_of_a_margin_is_turned_into_the_unit_of_its_metric() {
        let of = |id: &str, margin: &str| {
            let text = format!("[metrics.{id}]\nmargin = \"{margin}\"");
            policy(&text).map(|policy| policy.rules.metrics[0].margin)
        };
        assert_eq!(of("top5", "0.5").unwrap(), MetricMargin::Absolute(0.005));
        assert_eq!(of("macro_f1", "0.01").unwrap(), MetricMargin::Absolute(0.01));
        assert!((of("macro_f1", "99%-of-baseline").unwrap().of(0.9) - 0.009).abs() < 1e-12);
        assert!((of("macro_f1", "110%-of-errors").unwrap().of(0.9) - 0.01).abs() < 1e-12);
        assert!((of("log_loss", "105%-of-baseline").unwrap().of(0.4) - 0.02).abs() < 1e-12);
        for (id, margin) in
            [("log_loss", "95%-of-baseline"), ("log_loss", "110%-of-errors"), ("macro_f1", "-1")]
        {
            let error = of(id, margin).unwrap_err();
            assert!(error.place.unwrap().contains(id), "{id} {margin}");
        }
        assert!(of("beauty", "1").unwrap_err().help.unwrap().contains("macro_f1"));
        assert!(of("latency_p50", "1").is_err(), "what the machine has a part in has rules of its own");
    }
}
