//! The machine, read once at the start of a measurement.

use sysinfo::System;

use crate::record::{Environment, Quota};
use crate::runtime::cpu;

/// The machine that this process runs on.
pub fn environment() -> Environment {
    Environment {
        host: System::host_name().unwrap_or_else(|_| "unknown".into()),
        os: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.into()),
        arch: std::env::consts::ARCH.into(),
        cpu: cpu::cpu_model(),
        cpu_features: cpu::int8_features(),
        cores: cores(),
        quota: quota(),
        governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        load_average: load_average(),
        memory_bytes: memory_bytes(),
    }
}

/// Cores that this process may use: affinity and whole-core quotas count.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The control group's limit on processor time (Linux, version 2).
fn quota() -> Option<Quota> {
    let group = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = group.lines().find_map(|line| line.strip_prefix("0::"))?;
    let limit = read(&format!("/sys/fs/cgroup{path}/cpu.max")).or_else(|| read("/sys/fs/cgroup/cpu.max"))?;
    parse_quota(&limit)
}

/// `QUOTA PERIOD` in microseconds, or `max PERIOD` for no limit.
fn parse_quota(limit: &str) -> Option<Quota> {
    let (quota, period) = limit.split_once(' ')?;
    let cpus = quota.parse::<f64>().ok()? / period.trim().parse::<f64>().ok()?;
    cpus.is_finite().then_some(Quota { cpus })
}

fn load_average() -> Option<f64> {
    if cfg!(windows) { None } else { Some(System::load_average().ok()?.one) }
}

fn memory_bytes() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    Some(system.total_memory()).filter(|&bytes| bytes > 0)
}

fn read(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_read_in_processors() {
        assert_eq!(parse_quota("150000 100000").unwrap().cpus, 1.5);
        assert!(parse_quota("max 100000").is_none());
        assert!(parse_quota("").is_none());
        assert!(parse_quota("1 0").is_none());
    }

    #[test]
    fn this_machine_has_a_name_a_processor_and_a_core() {
        let here = environment();
        assert!(here.cores >= 1 && !here.cpu.is_empty() && !here.arch.is_empty());
    }
}
