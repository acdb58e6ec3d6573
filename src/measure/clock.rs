//! The clock is the harness's, so that no runtime can forget to time, or time too much.

use std::time::Instant;

/// A monotonic clock; tests script one.
pub trait Clock {
    /// Nanoseconds since some fixed moment.
    fn now_ns(&self) -> u64;
}

/// The system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that starts at 0 now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now_ns(&self) -> u64 {
        // 2^64 nanoseconds are 584 years.
        self.start.elapsed().as_nanos() as u64
    }
}

#[cfg(test)]
pub(crate) mod scripted {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Clock;

    /// A clock that stands still until the test moves it.
    #[derive(Clone, Default)]
    pub struct ScriptedClock(Arc<AtomicU64>);

    impl ScriptedClock {
        pub fn advance(&self, ns: u64) {
            self.0.fetch_add(ns, Ordering::Relaxed);
        }
    }

    impl Clock for ScriptedClock {
        fn now_ns(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
    }
}
