//! Memory of this very process.

use crate::record::{MemoryEvidence, MemoryReading};

/// Memory of this process now and its resident peak so far, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Now.
    pub now: MemoryReading,
    /// Most resident so far, where the system keeps it; else the same as now.
    pub peak: u64,
    /// What was read.
    pub source: &'static str,
}

/// Reads the memory of this process; none where the system does not tell.
pub fn memory() -> Option<Memory> {
    from_proc().or_else(sampled)
}

fn from_proc() -> Option<Memory> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let resident = kibibytes(&status, "VmRSS:")?;
    let peak = kibibytes(&status, "VmHWM:")?;
    let plain = MemoryReading { resident, proportional: None, private_dirty: None };
    // Kernels before 4.14, and some sandboxes, have no such file.
    let Ok(rollup) = std::fs::read_to_string("/proc/self/smaps_rollup") else {
        return Some(Memory { now: plain, peak, source: "VmRSS and VmHWM" });
    };
    let now = MemoryReading {
        proportional: kibibytes(&rollup, "Pss:"),
        private_dirty: kibibytes(&rollup, "Private_Dirty:"),
        ..plain
    };
    Some(Memory { now, peak, source: "VmRSS, VmHWM and smaps_rollup" })
}

fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// Systems without /proc: the resident size at the moments of reading.
fn sampled() -> Option<Memory> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
    let pid = sysinfo::get_current_pid().ok()?;
    let mut system = System::new().ok()?;
    let kind = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
    let resident = system.process(pid)?.memory();
    let now = MemoryReading { resident, proportional: None, private_dirty: None };
    Some(Memory { now, peak: resident, source: "resident size, sampled" })
}

/// Readings at the moments that matter, taken by the worker as it goes.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    before_load: Option<Memory>,
    after_load: Option<Memory>,
    warm: Option<Memory>,
    end: Option<Memory>,
}

impl MemoryLog {
    /// The runtime library is loaded, the model is not.
    pub fn before_load(&mut self) {
        self.before_load = memory();
    }

    /// The model is loaded and has not run.
    pub fn after_load(&mut self) {
        self.after_load = memory();
    }

    /// The one session has run until it was warm. Later sessions take the place of this one, and what
    /// the allocator keeps of it must not count twice.
    pub fn warm(&mut self) {
        self.warm = memory();
    }

    /// Everything is over.
    pub fn end(&mut self) {
        self.end = memory();
    }

    /// What was read so far.
    pub fn evidence(&self) -> Option<MemoryEvidence> {
        let last = self.warm.or(self.after_load)?;
        let reading = |memory: Option<Memory>| memory.map(|memory| memory.now);
        // A system that keeps no peak has had it at one of the moments of reading.
        let peak = self.after_load.map_or(0, |loaded| loaded.peak).max(last.peak);
        Some(MemoryEvidence {
            source: last.source.into(),
            before_load: reading(self.before_load),
            after_load: reading(self.after_load),
            warm: reading(self.warm),
            peak_bytes: peak,
            peak_evaluation_bytes: self.end.map(|end| end.peak.max(peak)),
        })
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
        let here = memory().expect("every supported system tells");
        assert!(here.now.resident > 0 && here.peak >= here.now.resident / 2);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_private_is_no_more_than_what_is_resident() {
        let now = memory().unwrap().now;
        if let (Some(private), Some(proportional)) = (now.private_dirty, now.proportional) {
            assert!(0 < private && private <= proportional && proportional <= now.resident * 2);
        }
    }

    #[test]
    fn the_peak_of_one_session_does_not_rise_with_what_follows() {
        let at = |resident| {
            let now = MemoryReading { resident, proportional: None, private_dirty: None };
            Some(Memory { now, peak: resident, source: "test" })
        };
        let log = MemoryLog { before_load: at(1), after_load: at(8), warm: at(7), end: at(90) };
        let evidence = log.evidence().unwrap();
        assert_eq!((evidence.peak_bytes, evidence.peak_evaluation_bytes), (8, Some(90)));
        assert_eq!(evidence.warm.unwrap().resident, 7);
    }
}
