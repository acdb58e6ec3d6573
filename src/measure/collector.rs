//! Scores that come in any order into rows in the order of the data set.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use super::scores::Scores;
use super::stretches::Stretches;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::record::{NAMED, PredictionsWriter, SkippedImage};

/// A chunk that a thread has done, with its number; or why it has not.
pub type Finished = Result<(usize, Chunk)>;

/// The scores of one batch.
pub struct Chunk {
    pub images: Vec<usize>,
    pub scores: Scores,
    pub skipped: Vec<SkippedImage>,
}

/// What the collector has written when the pass ends, early or not.
#[derive(Debug, Default)]
pub struct Collected {
    pub images: usize,
    pub not_finite: usize,
    pub skipped: Vec<SkippedImage>,
    pub skipped_count: usize,
    pub error: Option<Error>,
}

/// How often to look for chunks that nobody has announced.
const GLANCE: Duration = Duration::from_millis(20);

/// Puts chunks back in order and writes them, in the thread that it is made in.
pub struct Collector<'a> {
    dataset: &'a dyn Dataset,
    stretches: &'a Stretches,
    writer: &'a mut PredictionsWriter,
    /// Chunks whose turn has not come, by number.
    early: BTreeMap<usize, Chunk>,
    /// The number of the next to be written.
    next: usize,
    collected: Collected,
}

impl<'a> Collector<'a> {
    /// Nothing yet; rows go to `writer`.
    pub fn new(
        dataset: &'a dyn Dataset,
        stretches: &'a Stretches,
        writer: &'a mut PredictionsWriter,
    ) -> Self {
        let (early, collected) = (BTreeMap::new(), Collected::default());
        Self { dataset, stretches, writer, early, next: 0, collected }
    }

    /// Writes what comes until nobody sends any more; `progress` hears how many images are done each time
    /// that something came, in turn or not. Does not wait for each chunk, which would take a core from the
    /// others each time: who sends unparks this thread when there is enough to do.
    pub fn collect(mut self, results: Receiver<Finished>, progress: &mut dyn FnMut(u64)) -> Collected {
        // Nothing is written any more: others would wait for it.
        let _guard = self.stretches.end_on_panic();
        loop {
            let (mut came, mut next) = (false, results.try_recv());
            while let Ok(finished) = next {
                came = true;
                self.take(finished);
                next = results.try_recv();
            }
            if came {
                progress((self.collected.images + self.collected.skipped_count) as u64);
            }
            if next.is_err_and(|error| error == TryRecvError::Disconnected) {
                return self.collected;
            }
            thread::park_timeout(GLANCE);
        }
    }

    fn take(&mut self, finished: Finished) {
        match finished {
            Ok((number, chunk)) => drop(self.early.insert(number, chunk)),
            Err(error) => self.give_up(error),
        }
        while let Some(chunk) = self.early.remove(&self.next) {
            if let Err(error) = self.keep(chunk) {
                // It stays the next one for ever: no row is written after one that is lost.
                return self.give_up(error);
            }
            self.next += 1;
            self.stretches.written();
        }
    }

    /// Remembers the first error and lets every thread finish what it has in hand.
    fn give_up(&mut self, error: Error) {
        self.collected.error.get_or_insert(error);
        self.stretches.end();
    }

    fn keep(&mut self, chunk: Chunk) -> Result<()> {
        let Self { dataset, writer, collected, .. } = self;
        for (&image, scores) in chunk.images.iter().zip(chunk.scores.rows(chunk.images.len())) {
            let entry = dataset.entry(image)?;
            writer.push(&entry.id, entry.label, scores, &dataset.slice_values(image)?)?;
            collected.images += 1;
            collected.not_finite += usize::from(scores.iter().any(|score| !score.is_finite()));
        }
        collected.skipped_count += chunk.skipped.len();
        let room = NAMED.saturating_sub(collected.skipped.len());
        collected.skipped.extend(chunk.skipped.into_iter().take(room));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::dataset::Entry;
    use crate::preprocess::Image;
    use crate::record::{DatasetIdentity, read_predictions};

    /// Images that have names, up to one that has none.
    struct Named {
        nameless: usize,
    }

    impl Dataset for Named {
        fn identity(&self) -> &DatasetIdentity {
            unimplemented!("rows are written without it")
        }

        fn entry(&self, index: usize) -> Result<Entry> {
            match index == self.nameless {
                true => Err(Error::unusable("it has no name")),
                false => Ok(Entry { id: index.to_string(), label: 0 }),
            }
        }

        fn image(&self, _: usize) -> Result<Image> {
            unimplemented!("rows are written without it")
        }

        fn stamp(&self, _: usize) -> Option<u64> {
            None
        }
    }

    /// What comes of chunks of one image each, the rows that are written, and what progress heard.
    fn collected(chunks: &[usize], nameless: usize) -> (Collected, Vec<String>, Vec<u64>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut writer = PredictionsWriter::create(&path, &["a".to_owned(), "b".to_owned()], &[]).unwrap();
        let stretches = Stretches::new(chunks.len(), 1);
        let (finished, results) = channel();
        for &number in chunks {
            let scores = Scores { classes: 2, values: vec![1.0, 0.0] };
            finished.send(Ok((number, Chunk { images: vec![number], scores, skipped: Vec::new() }))).unwrap();
        }
        drop(finished);
        let mut told = Vec::new();
        let dataset = Named { nameless };
        let collector = Collector::new(&dataset, &stretches, &mut writer);
        let collected = collector.collect(results, &mut |done| told.push(done));
        writer.finish().unwrap();
        let rows = read_predictions(&path).unwrap();
        (collected, rows.iter().map(|row| row.id.to_owned()).collect(), told)
    }

    const ALL_HAVE_NAMES: usize = usize::MAX;

    #[test]
    fn rows_are_in_order_however_they_come() {
        let (collected, ids, told) = collected(&[2, 0, 3, 1], ALL_HAVE_NAMES);
        assert_eq!((collected.images, collected.error), (4, None));
        assert_eq!(ids, ["0", "1", "2", "3"]);
        assert_eq!(told, [4]);
    }

    #[test]
    fn no_row_follows_one_that_cannot_be_written() {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0]] {
            let (collected, ids, _) = collected(&order, 1);
            assert_eq!(collected.error.unwrap().what, "it has no name");
            assert_eq!((collected.images, ids), (1, vec!["0".to_owned()]));
        }
    }

    #[test]
    fn what_comes_before_its_turn_is_a_sign_of_life_too() {
        let (collected, ids, told) = collected(&[1, 2], ALL_HAVE_NAMES);
        assert_eq!((collected.images, ids, told), (0, vec![], vec![0]));
    }
}
