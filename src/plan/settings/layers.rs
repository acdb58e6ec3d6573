//! What each source says, and who wins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml::{Table, Value};

use super::{LONGEST_SECONDS, MOST, Settings};
use crate::error::{Error, Result};
use crate::plan::cache_size;
use crate::preprocess::PreprocessSettings;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag.
    Flag,
    /// A `BENCH_*` variable.
    Environment,
    /// A settings file.
    File(PathBuf),
    /// The model's `metadata_props`.
    Metadata(PathBuf),
    /// A file that the model ships with, and the field of it.
    Beside(PathBuf, String),
    /// A saved run, which was to be judged so.
    Record(String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Metadata(path) => write!(f, "metadata of {}", path.display()),
            Self::Beside(path, field) => write!(f, "{}: {field}", path.display()),
            Self::Record(run) => write!(f, "record of {run}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// What one source says.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Who says it.
    pub source: Source,
    /// What it says.
    pub settings: Settings,
}

/// Settings merged from all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The winners.
    pub settings: Settings,
    /// For each setting given anywhere, `section.key`: who won.
    pub sources: BTreeMap<String, Source>,
}

impl Resolved {
    /// Flags are checked as they are read; files are not, so everything is checked here.
    fn validate(&self) -> Result<()> {
        let (measure, data) = (&self.settings.measure, &self.settings.data);
        let counts = [
            ("measure.batch", measure.batch),
            ("measure.threads", measure.threads),
            ("data.limit", data.limit),
        ];
        for (key, count) in counts {
            if count.is_some_and(|count| count == 0 || count > MOST) {
                return Err(self.out_of_range(key, &format!("a whole number from 1 to {MOST}")));
            }
        }
        if measure.precision.is_some_and(|percent| !(percent > 0.0 && percent <= 100.0)) {
            return Err(self.out_of_range("measure.precision", "a number of percent above 0 and at most 100"));
        }
        if let Some(Err(error)) = data.cache_size.as_deref().map(cache_size::bytes) {
            return Err(error.at(format!("data.cache_size, {}", self.source("data.cache_size"))));
        }
        let verdict = &self.settings.verdict;
        if verdict.min_effect.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            return Err(self.out_of_range("verdict.min_effect", "a number of percent from 0 to 100"));
        }
        if verdict.resamples.is_some_and(|count| !(100..=1_000_000).contains(&count)) {
            return Err(self.out_of_range("verdict.resamples", "a whole number from 100 to 1000000"));
        }
        match measure.time {
            Some(time) if !(time > 0.0 && time <= LONGEST_SECONDS) => {
                Err(self.out_of_range("measure.time", "a number of seconds above 0 and at most 86400"))
            }
            _ => Ok(()),
        }
    }

    fn out_of_range(&self, key: &str, wanted: &str) -> Error {
        Error::usage(format!("{key} must be {wanted}")).at(self.source(key).to_string())
    }

    /// Who decided `section.key`.
    pub fn source(&self, key: &str) -> &Source {
        self.sources.get(key).unwrap_or(&Source::Default)
    }
}

/// Merges layers, strongest first.
pub fn resolve(layers: &[Layer]) -> Result<Resolved> {
    let mut merged = Table::new();
    let mut sources = BTreeMap::new();
    let mut stronger = PreprocessSettings::default();
    for layer in layers {
        let mut settings = layer.settings.clone();
        settings.preprocess = settings.preprocess.expanded();
        let mut table = Table::try_from(&settings)
            .map_err(|e| Error::usage("settings cannot be merged").because(e).at(layer.source.to_string()))?;
        if let Some(Value::Table(said)) = table.get_mut("preprocess") {
            stronger.hides(&settings.preprocess).into_iter().for_each(|key| drop(said.remove(key)));
        }
        stronger = stronger.overlay(settings.preprocess);
        overlay(&mut merged, table, &layer.source, &mut sources);
    }
    let settings = merged
        .try_into()
        .map_err(|e: toml::de::Error| Error::usage("settings cannot be merged").because(e))?;
    let resolved = Resolved { settings, sources };
    resolved.validate()?;
    Ok(resolved)
}

fn overlay(merged: &mut Table, layer: Table, source: &Source, sources: &mut BTreeMap<String, Source>) {
    for (section, value) in layer {
        let Value::Table(keys) = value else { continue };
        let Value::Table(known) = merged.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()))
        else {
            continue;
        };
        for (key, value) in keys {
            if known.contains_key(&key) {
                continue;
            }
            sources.insert(format!("{section}.{key}"), source.clone());
            known.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::CropRounding;

    fn layer(source: Source, text: &str) -> Layer {
        Layer { source, settings: toml::from_str(text).unwrap() }
    }

    #[test]
    fn the_first_layer_wins_and_is_remembered() {
        let file = Source::File("bench.toml".into());
        let resolved = resolve(&[
            layer(Source::Flag, "[measure]\nbatch = 8"),
            layer(file.clone(), "[measure]\nbatch = 64\nthreads = 2\n[data]\npath = \"d\""),
        ])
        .unwrap();
        assert_eq!(resolved.settings.measure.batch, Some(8));
        assert_eq!(resolved.settings.measure.threads, Some(2));
        assert_eq!(resolved.source("measure.batch"), &Source::Flag);
        assert_eq!(resolved.source("measure.threads"), &file);
        assert_eq!(resolved.source("measure.seed"), &Source::Default);
    }

    #[test]
    fn a_scale_hides_the_mean_of_the_layers_below() {
        let resolved = resolve(&[
            layer(Source::Flag, "[preprocess]\nscale = \"signed\""),
            layer(
                Source::Metadata("m.onnx".into()),
                "[preprocess]\nscale = \"unit\"\nmean = [0.3]\nstd = [0.4]\nchannels = \"grey\"",
            ),
        ])
        .unwrap();
        assert_eq!(resolved.settings.preprocess.mean, None);
        assert!(resolved.settings.preprocess.channels.is_some());
    }

    #[test]
    fn a_resampler_hides_the_antialiasing_of_the_layers_below() {
        let file = Source::Beside("preprocessor_config.json".into(), "resample".into());
        let resolved = resolve(&[
            layer(Source::Flag, "[preprocess]\nresampler = \"opencv\""),
            layer(
                file.clone(),
                "[preprocess]\nresampler = \"pillow\"\nfilter = \"bicubic\"\nantialias = true",
            ),
        ])
        .unwrap();
        assert_eq!(resolved.settings.preprocess.antialias, None);
        assert_eq!(resolved.source("preprocess.filter"), &file);
        assert_eq!(resolved.source("preprocess.filter").to_string(), "preprocessor_config.json: resample");
    }

    #[test]
    fn another_resampler_of_the_same_library_hides_nothing() {
        let beside = Source::Beside("preprocessor_config.json".into(), "crop_size".into());
        let said =
            "[preprocess]\nresampler = \"pillow\"\nantialias = true\ncrop = 224\ncrop_rounding = \"down\"";
        let resolved = resolve(&[
            layer(Source::Flag, "[preprocess]\nresampler = \"pillow-exact\""),
            layer(beside, said),
        ])
        .unwrap();
        let preprocess = resolved.settings.preprocess;
        assert_eq!((preprocess.antialias, preprocess.crop_rounding), (Some(true), Some(CropRounding::Down)));
    }

    #[test]
    fn a_preset_counts_as_said_by_the_layer_that_names_it() {
        let file = Source::File("bench.toml".into());
        let resolved = resolve(&[
            layer(Source::Flag, "[preprocess]\nmean = [0.5]"),
            layer(file.clone(), "[preprocess]\npreset = \"fashion-mnist\""),
        ])
        .unwrap();
        assert_eq!(resolved.settings.preprocess.mean, Some(vec![0.5]));
        assert_eq!(resolved.source("preprocess.mean"), &Source::Flag);
        assert_eq!(resolved.source("preprocess.std"), &file);
    }

    #[test]
    fn values_out_of_range_are_refused_with_their_source() {
        for text in
            ["batch = 0", "threads = 0", "time = -1.0", "time = nan", "time = 1e300", "precision = 0.0"]
        {
            let file = Source::File("bench.toml".into());
            let error = resolve(&[layer(file, &format!("[measure]\n{text}"))]).unwrap_err();
            assert_eq!(error.place.as_deref(), Some("bench.toml"), "{text}");
        }
    }

    #[test]
    fn names_of_classes_a_choice_of_them_and_conditions_are_read_by_their_keys() {
        let text =
            "[data]\nclass_names = [\"a\", \"b\"]\nclasses = [\"b\"]\nwhere = { source = [\"web\"] }\n";
        let weaker = layer(Source::File("bench.toml".into()), text);
        let resolved = resolve(&[layer(Source::Flag, "[data]\nclasses = [\"a\"]"), weaker]).unwrap();
        let data = &resolved.settings.data;
        assert_eq!(data.only_classes, Some(vec!["a".into()]));
        assert_eq!(data.class_names, Some(vec!["a".into(), "b".into()]));
        assert_eq!(data.conditions, [("source".into(), vec!["web".into()])].into());
        assert_eq!(resolved.source("data.classes"), &Source::Flag);
    }
}
