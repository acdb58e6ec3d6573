//! The stretches of a data set, handed out in order to the threads that work on them. Nobody runs far ahead
//! of the first that is not written yet, so that what waits for its turn stays small.

use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a thread that waits looks whether it is to stop.
const TICK: Duration = Duration::from_millis(50);

/// What is still to do.
pub struct Stretches {
    count: usize,
    batch: usize,
    ahead: usize,
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    /// Stretches handed out.
    next: usize,
    /// The first of them that are written.
    written: usize,
    ended: bool,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its number, from 0.
    pub number: usize,
    /// Indices of its images.
    pub images: Range<usize>,
}

impl Stretches {
    /// All `count` images in stretches of `batch`.
    pub fn new(count: usize, batch: usize) -> Self {
        let batch = batch.max(1);
        Self { count, batch, ahead: usize::MAX, state: Mutex::default(), moved: Condvar::new() }
    }

    /// Hands out at most so many beyond the last that is written.
    pub fn at_most_ahead(self, ahead: usize) -> Self {
        Self { ahead: ahead.max(1), ..self }
    }

    /// The next one; waits where that is too far ahead. None when there is no more, after
    /// [`Stretches::end`], or once `is_stopped` says so.
    pub fn next(&self, is_stopped: impl Fn() -> bool) -> Option<Stretch> {
        let mut state = self.lock();
        while !state.ended && !is_stopped() {
            let first = state.next.saturating_mul(self.batch);
            if first >= self.count {
                return None;
            }
            if state.next - state.written < self.ahead {
                let number = state.next;
                state.next += 1;
                return Some(Stretch {
                    number,
                    images: first..self.count.min(first.saturating_add(self.batch)),
                });
            }
            // A step of the state leaves it whole, so that one of another thread's panic is still good.
            state = self.moved.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }

    /// One more is written, in their order.
    pub fn written(&self) {
        self.lock().written += 1;
        self.moved.notify_all();
    }

    /// There are no more: threads finish what they have in hand.
    pub fn end(&self) {
        self.lock().ended = true;
        self.moved.notify_all();
    }

    /// To be held by a thread that works on them: when it panics, what it had in hand is never written, and
    /// the others must not wait for it.
    pub fn end_on_panic(&self) -> EndOnPanic<'_> {
        EndOnPanic(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the stretches when its thread panics.
pub struct EndOnPanic<'a>(&'a Stretches);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};

    use super::*;

    fn taken(stretches: &Stretches) -> Option<Range<usize>> {
        stretches.next(|| false).map(|stretch| stretch.images)
    }

    #[test]
    fn every_image_is_handed_out_once_and_in_order() {
        let stretches = Stretches::new(7, 3);
        let all: Vec<Stretch> = std::iter::from_fn(|| stretches.next(|| false)).collect();
        assert_eq!(all.iter().map(|stretch| stretch.number).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(
            all.into_iter().flat_map(|stretch| stretch.images).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4, 5, 6]
        );
        assert_eq!(taken(&Stretches::new(0, 3)), None);
        assert_eq!(Stretches::new(7, 3).next(|| true), None);
    }

    /// What a thread hears that asks for one more than it may have, until something happens to it.
    fn waiting(then: impl FnOnce(&Stretches)) -> Option<Range<usize>> {
        let stretches = Stretches::new(10, 1).at_most_ahead(2);
        assert_eq!((taken(&stretches), taken(&stretches)), (Some(0..1), Some(1..2)));
        let (sender, heard) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| sender.send(taken(&stretches)));
            let early = heard.recv_timeout(Duration::from_millis(150));
            assert_eq!(early, Err(RecvTimeoutError::Timeout), "it did not wait");
            then(&stretches);
            heard.recv_timeout(Duration::from_secs(20)).unwrap()
        })
    }

    #[test]
    fn who_is_too_far_ahead_waits_for_the_next_to_be_written() {
        assert_eq!(waiting(Stretches::written), Some(2..3));
    }

    #[test]
    fn the_end_wakes_those_who_wait() {
        assert_eq!(waiting(Stretches::end), None);
        let panicking = |stretches: &Stretches| {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _guard = stretches.end_on_panic();
                panic!("the runtime panics");
            }));
            assert!(panicked.is_err());
        };
        assert_eq!(waiting(panicking), None);
    }

    #[test]
    fn who_waits_sees_that_it_is_to_stop() {
        let stretches = Stretches::new(10, 1).at_most_ahead(1);
        assert_eq!(taken(&stretches), Some(0..1));
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let is_stopped = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 2;
        assert_eq!(stretches.next(is_stopped), None);
    }
}
