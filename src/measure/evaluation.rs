//! The pass over the data set: every core decodes, preprocesses and runs batches of its own, and
//! one collector writes the rows in the order of the data set. Memory does not grow with it: nobody runs
//! far ahead of the next row to be written.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};

use super::bad_image::unless_skipped;
use super::collector::{Chunk, Collected, Collector, Finished};
use super::pixel_cache::{PixelCache, Reader};
use super::scores;
use super::stretches::{Stretch, Stretches};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::plan::{OnBadImage, OutputPort};
use crate::preprocess::{Preprocess, Scratch};
use crate::record::{PredictionsWriter, SkippedImage};
use crate::runtime::Session;
use crate::tensor::{ElementType, Tensor, Values};

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

/// A preprocessed batch; the rows after the last image are padding.
struct Batch {
    chunk: usize,
    tensor: Tensor,
    images: Vec<usize>,
    skipped: Vec<SkippedImage>,
}

/// Tensors whose batch is done, for the next ones: new ones would be cleared each time.
#[derive(Default)]
struct Spares(Mutex<Vec<Tensor>>);

impl Spares {
    /// Values of `shape`, whatever is in them.
    fn take(&self, element: ElementType, shape: &[usize]) -> Values {
        // Each change leaves the list whole.
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.map_or_else(|| Values::zeros(element, shape.iter().product()), Tensor::into_values)
    }

    fn give_back(&self, tensor: Tensor) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(tensor);
    }
}

/// Batches for each thread beyond the last that is written: enough that one slow image holds nobody up, and
/// some megabytes of scores.
const AHEAD_A_THREAD: usize = 16;
/// The collector is woken once in so many batches: a few times before anybody has to wait for it.
const BATCHES_A_WAKE: usize = 8;

/// Runs the pass with one thread a session. With `decoders`, that many threads more prepare the
/// batches and the sessions only run them: the way to keep an accelerator fed. `progress` hears how many
/// images are done, now and then while batches come.
pub fn evaluate(
    pass: &Pass<'_>,
    sessions: &mut [Box<dyn Session>],
    decoders: Option<usize>,
    writer: &mut PredictionsWriter,
    progress: &mut dyn FnMut(u64),
) -> Collected {
    let threads = sessions.len().max(decoders.unwrap_or(0));
    let stretches = Stretches::new(pass.dataset.count(), pass.batch).at_most_ahead(AHEAD_A_THREAD * threads);
    let (ready, waiting) = sync_channel::<Result<Batch>>(2 * threads);
    // Shared by the running threads alone: when they are gone, decoders find nobody to send to and end.
    let waiting = Arc::new(Mutex::new(waiting));
    let spares = Spares::default();
    // Without a bound: nobody runs far ahead of what is written.
    let (finished, results) = channel::<Finished>();
    let collecting = thread::current();
    thread::scope(|scope| {
        for _ in 0..decoders.unwrap_or(0) {
            let (ready, stretches, spares) = (ready.clone(), &stretches, &spares);
            scope.spawn(move || decode_ahead(pass, stretches, spares, &ready));
        }
        drop(ready);
        for session in sessions.iter_mut() {
            let (finished, stretches, waiting) = (finished.clone(), &stretches, Arc::clone(&waiting));
            let (session, collecting) = (session.as_mut(), &collecting);
            let runner = Runner { pass, session, spares: &spares, finished, collecting };
            scope.spawn(move || {
                let _guard = stretches.end_on_panic();
                match decoders {
                    Some(_) => runner.run_queued(&waiting),
                    None => runner.run_own(stretches),
                }
                // Its sender is gone: the last one's end is the end of the pass.
                collecting.unpark();
            });
        }
        drop((finished, waiting));
        Collector::new(pass.dataset, &stretches, writer).collect(results, progress)
    })
}

fn decode_ahead(pass: &Pass<'_>, stretches: &Stretches, spares: &Spares, ready: &SyncSender<Result<Batch>>) {
    let _guard = stretches.end_on_panic();
    let mut source = Source::new(pass, stretches, spares);
    while let Some(batch) = source.next() {
        if ready.send(batch).is_err() {
            return;
        }
    }
}

/// One thread that runs batches and sends their scores to the collector.
struct Runner<'a> {
    pass: &'a Pass<'a>,
    session: &'a mut dyn Session,
    spares: &'a Spares,
    finished: Sender<Finished>,
    /// The collector's thread.
    collecting: &'a Thread,
}

impl Runner<'_> {
    /// Decodes and runs batch after batch.
    fn run_own(mut self, stretches: &Stretches) {
        let mut source = Source::new(self.pass, stretches, self.spares);
        while let Some(batch) = source.next() {
            if !self.run_and_send(batch) {
                return;
            }
        }
    }

    /// Runs what others decode.
    fn run_queued(mut self, waiting: &Mutex<Receiver<Result<Batch>>>) {
        loop {
            // Each receive leaves the queue whole, so a lock poisoned by another thread is still good.
            let batch = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(batch) = batch else { return };
            if !self.run_and_send(batch) {
                return;
            }
        }
    }

    /// False when nobody listens any more.
    fn run_and_send(&mut self, batch: Result<Batch>) -> bool {
        let finished = batch.and_then(|batch| Ok((batch.chunk, self.run(batch)?)));
        let wakes = finished.as_ref().is_ok_and(|(number, _)| number % BATCHES_A_WAKE == 0);
        let heard = self.finished.send(finished).is_ok();
        if wakes {
            self.collecting.unpark();
        }
        heard
    }

    fn run(&mut self, batch: Batch) -> Result<Chunk> {
        let Batch { tensor, images, skipped, .. } = batch;
        let pass = self.pass;
        let scores = match images.is_empty() {
            true => scores::Scores { classes: pass.classes, values: Vec::new() },
            false => scores::run(self.session, &tensor, pass.batch, pass.output, pass.classes)?,
        };
        self.spares.give_back(tensor);
        Ok(Chunk { images, scores, skipped })
    }
}

/// Takes the next stretch of the data set, decodes and preprocesses it.
struct Source<'a> {
    pass: &'a Pass<'a>,
    stretches: &'a Stretches,
    spares: &'a Spares,
    reader: Option<Reader<'a>>,
    scratch: Scratch,
}

impl<'a> Source<'a> {
    fn new(pass: &'a Pass<'a>, stretches: &'a Stretches, spares: &'a Spares) -> Self {
        let reader = pass.cache.and_then(PixelCache::reader);
        Self { pass, stretches, spares, reader, scratch: Scratch::default() }
    }

    fn next(&mut self) -> Option<Result<Batch>> {
        let stretch = self.stretches.next(|| self.pass.stop.load(Ordering::Relaxed))?;
        Some(self.fill(stretch))
    }

    fn fill(&mut self, stretch: Stretch) -> Result<Batch> {
        let shape = self.pass.preprocess.shape(self.pass.batch);
        let mut values = self.spares.take(self.pass.preprocess.element, &shape);
        let (mut images, mut skipped) = (Vec::with_capacity(stretch.images.len()), Vec::new());
        let Pass { dataset, on_bad_image, .. } = *self.pass;
        for index in stretch.images {
            let read = self.read(index, &mut values, images.len());
            if unless_skipped(read, dataset, index, on_bad_image, &mut skipped)?.is_some() {
                images.push(index);
            }
        }
        // Of a model that scales by all that is in the batch no answer may hang on an earlier batch.
        values.clear_from(images.len() * self.pass.preprocess.sample_len());
        Ok(Batch { chunk: stretch.number, tensor: Tensor::new(shape, values)?, images, skipped })
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
        pass.preprocess.write_keeping(&image, scratch, values, row, keep)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;
    use crate::dataset::Entry;
    use crate::error::Error;
    use crate::plan::Activation;
    use crate::preprocess::{Channels, Image, Layout, Scale, Size};
    use crate::record::{DatasetIdentity, read_predictions};

    /// Many images, the first of which takes as long as others still come.
    struct Pictures {
        identity: DatasetIdentity,
        first_is_bad: bool,
        begun: AtomicUsize,
        /// Images begun when the first one was done.
        meanwhile: AtomicUsize,
    }

    impl Pictures {
        fn new(first_is_bad: bool) -> Self {
            let identity = DatasetIdentity {
                name: "pictures".into(),
                format: "none".into(),
                split: None,
                images: 200,
                classes: vec!["a".into(), "b".into()],
                own_classes: Vec::new(),
                sha256: String::new(),
                decoder: None,
                shard: None,
                passed_over: None,
            };
            Self { identity, first_is_bad, begun: AtomicUsize::new(0), meanwhile: AtomicUsize::new(0) }
        }

        fn begun(&self) -> usize {
            self.begun.load(Ordering::Relaxed)
        }

        fn wait_for_the_others(&self) {
            let mut before = 0;
            while self.begun() != before {
                before = self.begun();
                std::thread::sleep(Duration::from_millis(150));
            }
            self.meanwhile.store(before, Ordering::Relaxed);
        }
    }

    impl Dataset for Pictures {
        fn identity(&self) -> &DatasetIdentity {
            &self.identity
        }

        fn entry(&self, index: usize) -> Result<Entry> {
            Ok(Entry { id: index.to_string(), label: 0 })
        }

        fn image(&self, index: usize) -> Result<Image> {
            self.begun.fetch_add(1, Ordering::Relaxed);
            if index == 0 {
                self.wait_for_the_others();
            }
            match index == 0 && self.first_is_bad {
                true => Err(Error::unusable("the image is cut off")),
                false => Ok(Image { width: 2, height: 2, channels: 1, pixels: vec![255; 4] }),
            }
        }

        fn stamp(&self, _: usize) -> Option<u64> {
            None
        }
    }

    /// Says the same of every image, and keeps the last value of every batch.
    struct Same {
        batch: usize,
        seen: Arc<Mutex<Vec<f32>>>,
    }

    impl Session for Same {
        fn bind(&mut self, input: &Tensor) -> Result<()> {
            self.seen.lock().unwrap().extend(input.values().to_f32().last());
            Ok(())
        }

        fn run(&mut self) -> Result<()> {
            Ok(())
        }

        fn output(&mut self) -> Result<Tensor> {
            Tensor::new(vec![self.batch, 2], Values::F32([1.0, 0.0].repeat(self.batch)))
        }
    }

    /// What came of a pass in batches of one, and the ids that were written.
    fn passed(pictures: &Pictures, sessions: usize, decoders: Option<usize>) -> (Collected, Vec<String>) {
        let mut sessions: Vec<Box<dyn Session>> =
            (0..sessions).map(|_| Box::new(Same { batch: 1, seen: Arc::default() }) as _).collect();
        passed_by(&mut sessions, 1, pictures, decoders)
    }

    fn passed_by(
        sessions: &mut [Box<dyn Session>],
        batch: usize,
        pictures: &Pictures,
        decoders: Option<usize>,
    ) -> (Collected, Vec<String>) {
        let mut told = Vec::new();
        let (collected, ids) =
            passed_telling(sessions, batch, pictures, decoders, &mut |done| told.push(done));
        assert_eq!(told.last(), Some(&(collected.images as u64)));
        assert!(told.is_sorted(), "{told:?}");
        (collected, ids)
    }

    fn passed_telling(
        sessions: &mut [Box<dyn Session>],
        batch: usize,
        pictures: &Pictures,
        decoders: Option<usize>,
        progress: &mut dyn FnMut(u64),
    ) -> (Collected, Vec<String>) {
        let preprocess = Preprocess {
            exif_orientation: false,
            channels: Channels::Grey,
            resize: None,
            crop: None,
            scale: Scale::Unit,
            mean: vec![],
            std: vec![],
            layout: Layout::Nchw,
            element: ElementType::F32,
            size: Size { height: 2, width: 2 },
        };
        let output = OutputPort {
            name: "scores".into(),
            element: ElementType::F32,
            shape: vec![],
            activation: Activation::Logits,
            background: false,
        };
        let pass = Pass {
            dataset: pictures,
            preprocess: &preprocess,
            output: &output,
            batch,
            on_bad_image: OnBadImage::default(),
            classes: 2,
            cache: None,
            stop: &AtomicBool::new(false),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut writer = PredictionsWriter::create(&path, &pictures.identity.classes, &[]).unwrap();
        let collected = evaluate(&pass, sessions, decoders, &mut writer, progress);
        writer.finish().unwrap();
        let rows = read_predictions(&path).unwrap();
        let ids = rows.iter().map(|row| row.id.to_owned()).collect();
        (collected, ids)
    }

    #[test]
    fn while_one_image_takes_long_few_others_wait_for_it_and_all_are_in_order() {
        for (sessions, decoders) in [(2, None), (1, Some(2))] {
            let pictures = Pictures::new(false);
            let (collected, ids) = passed(&pictures, sessions, decoders);
            assert_eq!((collected.images, collected.error), (200, None));
            assert_eq!(ids, (0..200).map(|index| index.to_string()).collect::<Vec<_>>());
            let meanwhile = pictures.meanwhile.load(Ordering::Relaxed);
            assert!((2..=2 * AHEAD_A_THREAD).contains(&meanwhile), "{meanwhile} were begun");
        }
    }

    #[test]
    fn the_places_that_no_image_fills_are_empty_whatever_batch_was_there_before() {
        for decoders in [None, Some(2)] {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let session = Same { batch: 3, seen: Arc::clone(&seen) };
            let (collected, _) = passed_by(&mut [Box::new(session)], 3, &Pictures::new(false), decoders);
            assert_eq!((collected.images, collected.error), (200, None));
            let mut seen = seen.lock().unwrap().clone();
            seen.sort_by(f32::total_cmp);
            assert_eq!(seen, [&[0.0][..], &[1.0; 66]].concat(), "of 67 batches one lacks an image");
        }
    }

    #[test]
    fn who_listens_may_panic_and_nobody_waits_for_what_is_not_written() {
        for decoders in [None, Some(2)] {
            let (done, heard) = channel();
            thread::spawn(move || {
                let pictures = Pictures::new(false);
                let mut sessions: Vec<Box<dyn Session>> =
                    vec![Box::new(Same { batch: 1, seen: Arc::default() })];
                let pass =
                    || passed_telling(&mut sessions, 1, &pictures, decoders, &mut |_| panic!("no more"));
                let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(pass)).is_err();
                done.send((panicked, pictures.begun())).unwrap();
            });
            let (panicked, begun) = heard.recv_timeout(Duration::from_secs(20)).expect("the pass hangs");
            assert!(panicked && begun <= 2 * AHEAD_A_THREAD + 2, "{begun} were begun");
        }
    }

    #[test]
    fn an_error_while_others_wait_ends_the_pass() {
        for (sessions, decoders) in [(2, None), (1, Some(2))] {
            let pictures = Pictures::new(true);
            let (collected, ids) = passed(&pictures, sessions, decoders);
            let error = collected.error.unwrap();
            assert_eq!(
                (error.what.as_str(), error.place.as_deref()),
                ("the image is cut off", Some("image 0"))
            );
            assert!(ids.is_empty() && pictures.begun() <= 2 * AHEAD_A_THREAD, "{}", pictures.begun());
        }
    }
}
