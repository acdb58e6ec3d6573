//! Work on many images by all cores, which can be watched and stopped.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::error::{Error, ErrorKind, Result};

/// Images that one thread takes at a time: neighbours share pages of Parquet files.
const IMAGES: usize = 16;

/// Who looks on.
pub struct Watch<'a> {
    /// Whether to stop.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
    /// Told what begins, and for how many images.
    pub entered: &'a (dyn Fn(&str, usize) + Sync),
    /// Told how many more images are done.
    pub advanced: &'a (dyn Fn(usize) + Sync),
}

impl Watch<'_> {
    /// Nobody.
    pub const NONE: Watch<'static> = Watch { stopped: &|| false, entered: &|_, _| {}, advanced: &|_| {} };

    /// What `work` makes of each image below `count`, in their order. Fails when it is stopped.
    pub(super) fn each<T: Send>(
        &self,
        what: &str,
        count: usize,
        work: impl Fn(usize) -> T + Sync,
    ) -> Result<Vec<T>> {
        self.in_blocks(what, count, IMAGES, work)
    }

    /// The same for work that is long by itself, so that each piece is taken alone.
    pub(super) fn each_alone<T: Send>(
        &self,
        what: &str,
        count: usize,
        work: impl Fn(usize) -> T + Sync,
    ) -> Result<Vec<T>> {
        self.in_blocks(what, count, 1, work)
    }

    fn in_blocks<T: Send>(
        &self,
        what: &str,
        count: usize,
        block: usize,
        work: impl Fn(usize) -> T + Sync,
    ) -> Result<Vec<T>> {
        (self.entered)(what, count);
        let next = AtomicUsize::new(0);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(count.div_ceil(block));
        let mut blocks: Vec<(usize, Vec<T>)> = thread::scope(|scope| {
            let workers: Vec<_> =
                (0..threads).map(|_| scope.spawn(|| self.blocks(&next, count, block, &work))).collect();
            let done = workers.into_iter().map(|worker| worker.join());
            done.flat_map(|blocks| blocks.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        if (self.stopped)() {
            return Err(Error::new(ErrorKind::Interrupted, "stopped before every image was looked at"));
        }
        blocks.sort_unstable_by_key(|(start, _)| *start);
        Ok(blocks.into_iter().flat_map(|(_, block)| block).collect())
    }

    /// The blocks that one thread gets hold of.
    fn blocks<T>(
        &self,
        next: &AtomicUsize,
        count: usize,
        block: usize,
        work: &impl Fn(usize) -> T,
    ) -> Vec<(usize, Vec<T>)> {
        let mut blocks = Vec::new();
        while !(self.stopped)() {
            let start = next.fetch_add(block, Ordering::Relaxed);
            if start >= count {
                break;
            }
            let done: Vec<T> = (start..(start + block).min(count)).map(work).collect();
            (self.advanced)(done.len());
            blocks.push((start, done));
        }
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_questions() {
        let squares = Watch::NONE.each("squares", 1000, |index| index * index).unwrap();
        assert_eq!(squares, (0..1000).map(|index| index * index).collect::<Vec<_>>());
        assert_eq!(Watch::NONE.each_alone("squares", 3, |index| index * index).unwrap(), [0, 1, 4]);
        assert_eq!(Watch::NONE.each("nothing", 0, |index| index).unwrap(), [] as [usize; 0]);
    }

    #[test]
    fn a_stop_is_an_error_of_its_kind() {
        let watch = Watch { stopped: &|| true, ..Watch::NONE };
        assert_eq!(watch.each("all", 10, |_| ()).unwrap_err().kind, ErrorKind::Interrupted);
    }
}
