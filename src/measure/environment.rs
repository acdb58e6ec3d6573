//! The machine, read once at the start of a measurement.

use std::path::Path;

use sysinfo::System;

use crate::record::{Environment, Quota};
use crate::runtime::cpu;

/// The machine that this process runs on.
pub fn environment() -> Environment {
    let memory = memory();
    let available = memory.as_ref().map(System::available_memory).filter(|&bytes| bytes > 0);
    Environment {
        host: System::host_name().unwrap_or_else(|_| "unknown".into()),
        os: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.into()),
        kernel: System::kernel_version().ok(),
        virtualization: virtualization(),
        arch: std::env::consts::ARCH.into(),
        cpu: cpu::cpu_model(),
        cpu_features: cpu::int8_features(),
        cores: cores(),
        physical_cores: System::physical_core_count().ok(),
        logical_cores: logical_cores(),
        smt: read("/sys/devices/system/cpu/smt/active").map(|active| active == "1"),
        numa_nodes: numa_nodes(Path::new("/sys/devices/system/node")),
        frequency_mhz: frequency_mhz(),
        quota: quota(),
        governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        load_average: load_average(),
        memory_bytes: memory.map(|system| system.total_memory()).filter(|&bytes| bytes > 0),
        memory_available_bytes: available,
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

fn memory() -> Option<System> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    Some(system)
}

/// `0-3,8` and the like, as Linux lists what is online.
fn logical_cores() -> Option<usize> {
    count_ranges(&read("/sys/devices/system/cpu/online")?)
}

fn count_ranges(list: &str) -> Option<usize> {
    let count = |range: &str| -> Option<usize> {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        Some(last.checked_sub(first)? + 1)
    };
    list.split(',').map(count).sum()
}

/// Folders `node0`, `node1` … (Linux).
fn numa_nodes(folder: &Path) -> Option<usize> {
    let names = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.file_name());
    let is_node = |name: &str| name.strip_prefix("node").is_some_and(|number| number.parse::<u32>().is_ok());
    Some(names.filter(|name| name.to_str().is_some_and(is_node)).count()).filter(|&nodes| nodes > 0)
}

/// What the frequency driver states; inside of virtual machines what `/proc/cpuinfo` does.
fn frequency_mhz() -> Option<f64> {
    let stated = read("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
    let stated = stated.and_then(|khz| khz.parse::<f64>().ok()).map(|khz| khz / 1e3);
    stated.or_else(|| cpuinfo("cpu MHz")?.parse().ok()).filter(|mhz: &f64| mhz.is_finite() && *mhz > 0.0)
}

/// A container by the file that its engine leaves, else a hypervisor by the processor's flag and the
/// maker's name of the board.
fn virtualization() -> Option<String> {
    let engines = [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")];
    let engine = engines.iter().find(|(path, _)| Path::new(path).exists());
    engine.map(|(_, name)| (*name).to_owned()).or_else(|| {
        cpuinfo("flags")?.split_whitespace().find(|flag| *flag == "hypervisor")?;
        let maker = read("/sys/class/dmi/id/sys_vendor").filter(|maker| !maker.is_empty());
        Some(maker.unwrap_or_else(|| "hypervisor".into()))
    })
}

/// A field of the first core in `/proc/cpuinfo` (Linux).
fn cpuinfo(field: &str) -> Option<String> {
    let all = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let mut fields = all.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.trim() == field).map(|(_, value)| value.trim().to_owned())
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
    fn lists_of_cores_and_folders_of_nodes_are_counted() {
        assert_eq!(["0", "0-3", "0-3,8,10-11"].map(count_ranges), [1, 4, 7].map(Some));
        assert_eq!(["", "a-b", "3-0"].map(count_ranges), [None; 3]);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(numa_nodes(folder.path()), None);
        for name in ["node0", "node1", "online", "nodes"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        assert_eq!(numa_nodes(folder.path()), Some(2));
    }

    #[test]
    fn this_machine_has_a_name_a_processor_and_a_core() {
        let here = environment();
        assert!(here.cores >= 1 && !here.cpu.is_empty() && !here.arch.is_empty());
        let whole = here.memory_bytes.unwrap_or(u64::MAX);
        assert!(here.memory_available_bytes.is_none_or(|available| available <= whole));
        assert!(here.logical_cores.is_none_or(|all| all >= here.cores));
    }
}
