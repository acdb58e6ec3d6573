//! What is accepted, from flags, the environment and settings files.

use clap::{ArgMatches, Args, parser::ValueSource};

use crate::compare::{Criteria, Margin, Options, Resampling};
use crate::error::{Error, Result};
use crate::plan::{Layer, Resolved, Settings, Source, VerdictSettings, resolve};
use crate::record::Run;

/// What is accepted.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Verdict")]
pub struct CriteriaArgs {
    /// Accuracy that may be lost: percentage points, 99%-of-baseline, or 110%-of-errors [default: 0.5]
    #[arg(long, value_name = "MARGIN", value_parser = margin, env = "BENCH_MARGIN")]
    margin: Option<String>,
    /// Percent below which a difference of latency, throughput, size or memory is none [default: 2]
    #[arg(long, value_name = "PERCENT", value_parser = effect, env = "BENCH_MIN_EFFECT")]
    min_effect: Option<f64>,
    /// Resamples behind the intervals of F1, log loss and the like [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000), env = "BENCH_RESAMPLES")]
    resamples: Option<u32>,
}

impl CriteriaArgs {
    /// What they say in one source.
    pub fn said(&self, matches: &ArgMatches, source: ValueSource) -> VerdictSettings {
        let has = |id: &str| matches.value_source(id) == Some(source);
        VerdictSettings {
            margin: self.margin.clone().filter(|_| has("margin")),
            min_effect: self.min_effect.filter(|_| has("min_effect")),
            resamples: self.resamples.filter(|_| has("resamples")),
        }
    }

    /// The options of a command that measures nothing: what they do not say, the saved `baseline` was
    /// to be judged by.
    pub fn options(&self, matches: &ArgMatches, baseline: Option<&Run>) -> Result<Options> {
        let layer = |source, verdict| Layer { source, settings: Settings { verdict, ..Settings::default() } };
        let mut layers = vec![
            layer(Source::Flag, self.said(matches, ValueSource::CommandLine)),
            layer(Source::Environment, self.said(matches, ValueSource::EnvVariable)),
        ];
        layers.extend(baseline.map(|run| {
            let job = &run.record.job;
            layer(Source::Record(job.label()), job.verdict.clone())
        }));
        options(&resolve(&layers)?)
    }
}

/// What resolved settings accept, with the defaults of what they do not say.
pub fn in_full(resolved: &Resolved) -> Result<VerdictSettings> {
    let Options { resampling, criteria } = options(resolved)?;
    let said = &resolved.settings.verdict;
    Ok(VerdictSettings {
        margin: Some(criteria.margin.to_string()),
        min_effect: said.min_effect.or(Some(criteria.min_effect * 100.0)),
        resamples: said.resamples.or(u32::try_from(resampling.resamples).ok()),
    })
}

/// The options that resolved settings ask for.
pub fn options(resolved: &Resolved) -> Result<Options> {
    let (default, said) = (Criteria::default(), &resolved.settings.verdict);
    let margin = match &said.margin {
        None => default.margin,
        Some(text) => text.parse::<Margin>().map_err(|why| {
            Error::usage(format!("the margin `{text}` is not understood"))
                .because(why)
                .at(resolved.source("verdict.margin").to_string())
        })?,
    };
    let min_effect = said.min_effect.map_or(default.min_effect, |percent| percent / 100.0);
    let resampling = Resampling::default();
    let resamples = said.resamples.map_or(resampling.resamples, |count| count as usize);
    let criteria = Criteria { margin, min_effect };
    Ok(Options { resampling: Resampling { resamples, ..resampling }, criteria })
}

fn margin(text: &str) -> Result<String, String> {
    text.parse::<Margin>().map(|_| text.to_owned())
}

fn effect(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('%').trim().parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("it must be a number of percent from 0 to 100".into()),
    }
}
