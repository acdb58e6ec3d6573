//! Memory of this very process.

use crate::record::MemoryEvidence;

/// Resident memory of this process now and its peak so far, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resident {
    /// Now.
    pub current: u64,
    /// Most so far, where the system keeps it; else the same as `current`.
    pub peak: u64,
    /// What was read.
    pub source: &'static str,
}

/// Reads the memory of this process; none where the system does not tell.
pub fn resident() -> Option<Resident> {
    from_proc().or_else(sampled)
}

fn from_proc() -> Option<Resident> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let current = kibibytes(&status, "VmRSS:")?;
    let peak = kibibytes(&status, "VmHWM:")?;
    Some(Resident { current, peak, source: "VmRSS and VmHWM" })
}

fn kibibytes(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(key))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// Systems without /proc: the resident size at the moments of reading.
fn sampled() -> Option<Resident> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
    let pid = sysinfo::get_current_pid().ok()?;
    let mut system = System::new().ok()?;
    let kind = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
    let current = system.process(pid)?.memory();
    Some(Resident { current, peak: current, source: "resident size, sampled" })
}

/// Readings at the moments that matter, taken by the worker as it goes.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    before_load: Option<Resident>,
    after_load: Option<Resident>,
    latency: Option<Resident>,
    end: Option<Resident>,
}

impl MemoryLog {
    /// The runtime library is loaded, the model is not.
    pub fn before_load(&mut self) {
        self.before_load = resident();
    }

    /// The model is loaded.
    pub fn after_load(&mut self) {
        self.after_load = resident();
    }

    /// A block of the latency pass is over.
    pub fn after_block(&mut self) {
        self.latency = higher(self.latency, resident());
    }

    /// Everything is over.
    pub fn end(&mut self) {
        self.end = higher(self.end, resident());
    }

    /// What was read so far.
    pub fn evidence(&self) -> Option<MemoryEvidence> {
        let until_latency = self.latency.or(self.after_load)?;
        Some(MemoryEvidence {
            source: until_latency.source.into(),
            before_load_bytes: self.before_load.map(|r| r.current),
            after_load_bytes: self.after_load.map(|r| r.current),
            peak_bytes: until_latency.peak,
            peak_evaluation_bytes: self.end.map(|r| r.peak),
        })
    }
}

fn higher(old: Option<Resident>, new: Option<Resident>) -> Option<Resident> {
    match (old, new) {
        (Some(old), Some(new)) => Some(Resident { peak: old.peak.max(new.peak), ..new }),
        (old, new) => new.or(old),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_file_is_read_in_bytes() {
        let status = "Name:\tbench\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!(kibibytes(status, "VmRSS:"), Some(1024 * 1024));
        assert_eq!(kibibytes(status, "VmHWM:"), Some(2048 * 1024));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }

    #[test]
    fn this_process_uses_some_memory_and_its_peak_is_no_less() {
        let now = resident().expect("every supported system tells");
        assert!(now.current > 0 && now.peak >= now.current / 2);
    }

    #[test]
    fn the_peak_of_the_latency_pass_does_not_rise_with_what_follows() {
        let at = |peak| Some(Resident { current: peak, peak, source: "test" });
        let log = MemoryLog { before_load: at(1), after_load: at(5), latency: at(7), end: at(90) };
        let evidence = log.evidence().unwrap();
        assert_eq!((evidence.peak_bytes, evidence.peak_evaluation_bytes), (7, Some(90)));
    }
}
