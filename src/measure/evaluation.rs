//! The pass over the data set: every core decodes, preprocesses and runs batches of its own, and
//! one collector writes the rows in the order of the data set. Memory does not grow with it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::pixel_cache::{PixelCache, Reader};
use super::scores;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::plan::{OnBadImage, OutputPort};
use crate::preprocess::{Preprocess, Scratch};
use crate::record::{NAMED, PredictionsWriter, SkippedImage};
use crate::runtime::Session;
use crate::tensor::{Tensor, Values};

/// What every thread of the pass needs to know.
pub struct Pass<'a> {
    pub dataset: &'a dyn Dataset,
    pub preprocess: &'a Preprocess,
    pub output: &'a OutputPort,
    pub batch: usize,
    pub on_bad_image: OnBadImage,
    /// Classes of the data set; the model must have as many.
    pub classes: usize,
    /// Pixels of earlier passes, where they are kept.
    pub cache: Option<&'a PixelCache>,
    pub stop: &'a AtomicBool,
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

/// A preprocessed batch; the rows after the last image are padding.
struct Batch {
    chunk: usize,
    tensor: Tensor,
    images: Vec<usize>,
    skipped: Vec<SkippedImage>,
}

/// The scores of one batch.
struct Chunk {
    images: Vec<usize>,
    scores: scores::Scores,
    skipped: Vec<SkippedImage>,
}

type Finished = (usize, Result<Chunk>);

/// Runs the pass with one thread a session. With `decoders`, that many threads more prepare the
/// batches and the sessions only run them: the way to keep an accelerator fed.
pub fn evaluate(
    pass: &Pass<'_>,
    sessions: &mut [Box<dyn Session>],
    decoders: Option<usize>,
    writer: &mut PredictionsWriter,
    progress: &mut dyn FnMut(u64),
) -> Collected {
    let cursor = AtomicUsize::new(0);
    let depth = 2 * sessions.len().max(decoders.unwrap_or(0));
    let (finished, results) = sync_channel::<Finished>(depth);
    let (ready, waiting) = sync_channel::<Result<Batch>>(depth);
    // Shared by the running threads alone: when they are gone, decoders find nobody to send to and end.
    let waiting = Arc::new(Mutex::new(waiting));
    std::thread::scope(|scope| {
        for _ in 0..decoders.unwrap_or(0) {
            let (ready, cursor) = (ready.clone(), &cursor);
            scope.spawn(move || decode_ahead(pass, cursor, &ready));
        }
        drop(ready);
        for session in sessions.iter_mut() {
            let (finished, cursor, waiting) = (finished.clone(), &cursor, Arc::clone(&waiting));
            scope.spawn(move || match decoders {
                Some(_) => run_queued(pass, session.as_mut(), &waiting, &finished),
                None => run_own(pass, session.as_mut(), cursor, &finished),
            });
        }
        drop((finished, waiting));
        collect(pass, results, writer, progress)
    })
}

/// Decodes and runs batch after batch in one thread.
fn run_own(
    pass: &Pass<'_>,
    session: &mut dyn Session,
    cursor: &AtomicUsize,
    finished: &SyncSender<Finished>,
) {
    let mut source = Source::new(pass, cursor);
    while let Some(batch) = source.next() {
        if !run_and_send(pass, session, batch, finished) {
            return;
        }
    }
}

fn decode_ahead(pass: &Pass<'_>, cursor: &AtomicUsize, ready: &SyncSender<Result<Batch>>) {
    let mut source = Source::new(pass, cursor);
    while let Some(batch) = source.next() {
        if ready.send(batch).is_err() {
            return;
        }
    }
}

fn run_queued(
    pass: &Pass<'_>,
    session: &mut dyn Session,
    waiting: &Mutex<Receiver<Result<Batch>>>,
    finished: &SyncSender<Finished>,
) {
    loop {
        // Each receive leaves the queue whole, so a lock poisoned by another thread is still good.
        let batch = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return };
        if !run_and_send(pass, session, batch, finished) {
            return;
        }
    }
}

/// False when nobody listens any more.
fn run_and_send(
    pass: &Pass<'_>,
    session: &mut dyn Session,
    batch: Result<Batch>,
    finished: &SyncSender<Finished>,
) -> bool {
    match batch {
        Ok(batch) => {
            let chunk = batch.chunk;
            finished.send((chunk, run(pass, session, batch))).is_ok()
        }
        Err(error) => finished.send((usize::MAX, Err(error))).is_ok(),
    }
}

fn run(pass: &Pass<'_>, session: &mut dyn Session, batch: Batch) -> Result<Chunk> {
    if batch.images.is_empty() {
        let scores = scores::Scores { classes: pass.classes, values: Vec::new() };
        return Ok(Chunk { images: batch.images, scores, skipped: batch.skipped });
    }
    session.bind(&batch.tensor)?;
    session.run()?;
    let scores = scores::read(session.output()?, pass.batch, pass.output)?;
    if scores.classes != pass.classes {
        return Err(class_mismatch(scores.classes, pass.classes).at(format!("output `{}`", pass.output.name)));
    }
    Ok(Chunk { images: batch.images, scores, skipped: batch.skipped })
}

/// The error for a model whose number of classes is not the data set's.
pub fn class_mismatch(model: usize, data: usize) -> Error {
    let help = if model == data + 1 {
        "if the model's first output is background, say --background-class; else give the data set that it was made for with --data"
    } else {
        "give the data set that the model was made for with --data, or another output with --output"
    };
    Error::unusable(format!("the model has {model} classes, the data set has {data}")).help(help)
}

/// Takes the next stretch of the data set, decodes and preprocesses it.
struct Source<'a> {
    pass: &'a Pass<'a>,
    cursor: &'a AtomicUsize,
    reader: Option<Reader<'a>>,
    scratch: Scratch,
}

impl<'a> Source<'a> {
    fn new(pass: &'a Pass<'a>, cursor: &'a AtomicUsize) -> Self {
        let reader = pass.cache.and_then(PixelCache::reader);
        Self { pass, cursor, reader, scratch: Scratch::default() }
    }

    fn next(&mut self) -> Option<Result<Batch>> {
        if self.pass.stop.load(Ordering::Relaxed) {
            return None;
        }
        let chunk = self.cursor.fetch_add(1, Ordering::Relaxed);
        let first = chunk * self.pass.batch;
        let last = (first + self.pass.batch).min(self.pass.dataset.count());
        (first < last).then(|| self.fill(chunk, first..last))
    }

    fn fill(&mut self, chunk: usize, range: std::ops::Range<usize>) -> Result<Batch> {
        let shape = self.pass.preprocess.shape(self.pass.batch);
        let mut values = Values::zeros(self.pass.preprocess.element, shape.iter().product());
        let (mut images, mut skipped) = (Vec::with_capacity(range.len()), Vec::new());
        for index in range {
            match self.read(index, &mut values, images.len()) {
                Ok(()) => images.push(index),
                Err(error) if self.pass.on_bad_image == OnBadImage::Skip => {
                    let id = self.pass.dataset.entry(index)?.id;
                    skipped.push(SkippedImage { id, why: error.what });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Batch { chunk, tensor: Tensor::new(shape, values)?, images, skipped })
    }

    fn read(&mut self, index: usize, values: &mut Values, row: usize) -> Result<()> {
        let Self { pass, reader, scratch, .. } = self;
        // Taken before the image is read: one that changes meanwhile is another one the next time.
        let stamp = reader.as_ref().and_then(|_| pass.dataset.stamp(index));
        let mut kept = reader.as_mut().zip(stamp);
        if let Some((channels, pixels)) = kept.as_mut().and_then(|(reader, stamp)| reader.get(index, *stamp))
        {
            return pass.preprocess.write_pixels(channels, pixels, scratch, values, row);
        }
        let image = pass.dataset.image(index)?;
        let keep = |channels: u8, pixels: &[u8]| {
            if let Some((reader, stamp)) = kept {
                reader.put(index, stamp, channels, pixels);
            }
        };
        pass.preprocess
            .write_keeping(&image, scratch, values, row, keep)
            .map_err(|error| located(error, pass.dataset, index))
    }
}

/// An error of image `index` says which that is.
pub fn located(error: Error, dataset: &dyn Dataset, index: usize) -> Error {
    match (&error.place, dataset.entry(index)) {
        (None, Ok(entry)) => error.at(format!("image {}", entry.id)),
        _ => error,
    }
}

/// Puts chunks back in order and writes them, until all threads are done.
fn collect(
    pass: &Pass<'_>,
    results: Receiver<Finished>,
    writer: &mut PredictionsWriter,
    progress: &mut dyn FnMut(u64),
) -> Collected {
    let mut collected = Collected::default();
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (index, chunk) in results {
        match chunk {
            Ok(chunk) => drop(early.insert(index, chunk)),
            Err(error) => give_up(pass, &mut collected, error),
        }
        while let Some(chunk) = early.remove(&next) {
            next += 1;
            if let Err(error) = keep(pass, &mut collected, chunk, writer) {
                give_up(pass, &mut collected, error);
            }
        }
        progress((collected.images + collected.skipped_count) as u64);
    }
    collected
}

/// Remembers the first error and lets every thread finish what it has in hand.
fn give_up(pass: &Pass<'_>, collected: &mut Collected, error: Error) {
    collected.error.get_or_insert(error);
    pass.stop.store(true, Ordering::Relaxed);
}

fn keep(
    pass: &Pass<'_>,
    collected: &mut Collected,
    chunk: Chunk,
    writer: &mut PredictionsWriter,
) -> Result<()> {
    for (&image, scores) in chunk.images.iter().zip(chunk.scores.rows(chunk.images.len())) {
        let entry = pass.dataset.entry(image)?;
        writer.push(&entry.id, entry.label, scores, &pass.dataset.slice_values(image)?)?;
        collected.images += 1;
        collected.not_finite += usize::from(scores.iter().any(|score| !score.is_finite()));
    }
    collected.skipped_count += chunk.skipped.len();
    let room = NAMED.saturating_sub(collected.skipped.len());
    collected.skipped.extend(chunk.skipped.into_iter().take(room));
    Ok(())
}
