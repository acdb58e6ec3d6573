//! Which runtime on which device, and how its session is set up.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Where a session computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Device {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU by its index.
    Cuda(u32),
}

/// A runtime by name and a device: `ort`, `ort:cuda`, `ort:cuda:1`, `tract`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RuntimeSpec {
    /// Name in the list of runtimes.
    pub name: String,
    /// Where it computes.
    pub device: Device,
}

impl FromStr for RuntimeSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::usage(format!("`{text}` is not a runtime"))
                .help("write NAME, NAME:cuda or NAME:cuda:INDEX, for example ort, tract or ort:cuda; `bench doctor` lists them")
        };
        let mut parts = text.split(':');
        let name = parts.next().filter(|name| !name.is_empty()).ok_or_else(wrong)?;
        let device = match (parts.next(), parts.next(), parts.next()) {
            (None | Some("cpu"), None, None) => Device::Cpu,
            (Some("cuda"), None, None) => Device::Cuda(0),
            (Some("cuda"), Some(index), None) => Device::Cuda(index.parse().map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
        Ok(Self { name: name.to_owned(), device })
    }
}

impl fmt::Display for RuntimeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.device {
            Device::Cpu => write!(f, "{}", self.name),
            Device::Cuda(0) => write!(f, "{}:cuda", self.name),
            Device::Cuda(index) => write!(f, "{}:cuda:{index}", self.name),
        }
    }
}

impl TryFrom<String> for RuntimeSpec {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<RuntimeSpec> for String {
    fn from(spec: RuntimeSpec) -> Self {
        spec.to_string()
    }
}

/// How far a runtime may rewrite the graph before it runs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Optimization {
    /// Not at all.
    None,
    /// Rewrites that keep the result to the last bit.
    Basic,
    /// Fusions too.
    Extended,
    /// Everything, layout changes included: what a deployment uses.
    #[default]
    All,
}

/// Session settings. One set serves accuracy and latency alike: a model measured for speed under
/// other settings than for accuracy is another model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionOptions {
    /// Threads inside one run. Throughput and accuracy run cores / threads sessions side by side.
    pub threads: usize,
    /// Graph optimization.
    #[serde(default)]
    pub optimization: Optimization,
    /// Whether idle threads of the pool spin; of no effect with one thread.
    pub spinning: bool,
    /// Settings of the runtime's own, passed on as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
}

impl SessionOptions {
    /// SHA-256 over the settings, in hexadecimal.
    pub fn digest(&self) -> String {
        let canonical = format!(
            "threads={}\noptimization={:?}\nspinning={}\nconfig={:?}",
            self.threads, self.optimization, self.spinning, self.config
        );
        crate::digest::hex(&Sha256::digest(canonical))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_written_as_it_is_read() {
        for text in ["ort", "ort:cuda", "ort:cuda:1", "tract"] {
            assert_eq!(text.parse::<RuntimeSpec>().unwrap().to_string(), text);
        }
        assert_eq!("ort:cpu".parse::<RuntimeSpec>().unwrap().to_string(), "ort");
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in ["", ":cuda", "ort:gpu", "ort:cuda:x", "ort:cuda:0:1"] {
            let error = text.parse::<RuntimeSpec>().unwrap_err();
            assert!(error.help.unwrap().contains("ort:cuda"), "{text}");
        }
    }

    #[test]
    fn the_digest_changes_with_every_setting() {
        let base = SessionOptions {
            threads: 1,
            optimization: Optimization::All,
            spinning: true,
            config: BTreeMap::new(),
        };
        let others = [
            SessionOptions { threads: 2, ..base.clone() },
            SessionOptions { optimization: Optimization::None, ..base.clone() },
            SessionOptions { spinning: false, ..base.clone() },
            SessionOptions { config: [("a".into(), "b".into())].into(), ..base.clone() },
        ];
        for other in others {
            assert_ne!(base.digest(), other.digest());
        }
    }
}
