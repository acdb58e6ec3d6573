//! The machine that measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A limit on processor time, as containers have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quota {
    /// Processors' worth of time that the process may use.
    pub cpus: f64,
}

/// The machine that measured: enough to decide whether two latencies may be compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Host name.
    pub host: String,
    /// Operating system and its version.
    pub os: String,
    /// Version of the kernel, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Hypervisor or container that this is the inside of, where one shows: `KVM`, `docker` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtualization: Option<String>,
    /// Processor architecture.
    pub arch: String,
    /// Processor model.
    pub cpu: String,
    /// Features that matter to int8: `avx2`, `avx512_vnni`, `avx_vnni`, `amx_int8`, `asimddp`, `i8mm` …
    pub cpu_features: Vec<String>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Physical cores of the machine, where they can be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_cores: Option<usize>,
    /// Logical cores of the machine, where they can be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_cores: Option<usize>,
    /// Whether cores run several threads at once (SMT), where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smt: Option<bool>,
    /// NUMA nodes, where they can be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numa_nodes: Option<usize>,
    /// Highest frequency of the first core in MHz as the system states it, where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_mhz: Option<f64>,
    /// Container limit, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Frequency governor, where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
    /// Load average of the last minute at the start, where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_average: Option<f64>,
    /// Memory of the machine, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Memory that was available at the start, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_available_bytes: Option<u64>,
}
