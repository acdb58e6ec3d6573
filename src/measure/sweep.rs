//! One model on the same images under several preprocessing settings. Each image is decoded once;
//! each core takes a batch of images through all settings before the next, so that memory holds a
//! batch a core, however many images and settings there are.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::bad_image::{located, unless_skipped};
use super::stretches::{Stretch, Stretches};
use super::{Interrupt, candidate, scores};
use crate::dataset::{self, Dataset};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Device, Job, OnBadImage};
use crate::preprocess::{Image, Preprocess, Scratch};
use crate::record::{DatasetIdentity, NAMED, Prediction, SkippedImage};
use crate::runtime::{self, ModelToRun, Session};
use crate::tensor::{Tensor, Values};

/// Most images in a batch on a processor: decoded photographs are large, and each core holds a batch.
const BATCH: usize = 8;

/// Something of an image, with the index of that image in the data set.
type Indexed<T> = (usize, T);

/// What to try on what.
pub struct Sweep<'a> {
    /// Model, data and session; its own preprocessing is not used.
    pub job: &'a Job,
    /// The settings, those that all others are set against first; never empty.
    pub settings: &'a [&'a Preprocess],
    /// Ends it early.
    pub interrupt: &'a Interrupt,
}

/// What came of one pair of settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers<T> {
    /// What was kept of each image, in the order of the data.
    Kept(Vec<T>),
    /// Every tensor was that of the first settings, to the last bit: nothing was run.
    SameTensors,
    /// It cannot be carried out on these images or by this model.
    Impossible(Error),
}

/// What came of all.
#[derive(Clone, Debug)]
pub struct Swept<T> {
    /// The data that was used.
    pub dataset: DatasetIdentity,
    /// Labels of the images that could be read, in the order of the data.
    pub labels: Vec<u32>,
    /// One for each of the settings.
    pub answers: Vec<Answers<T>>,
    /// Images left out, the first ones by name.
    pub skipped: Vec<SkippedImage>,
    /// Images left out in all.
    pub skipped_count: usize,
}

/// Runs every image under every setting and keeps what `keep` makes of each prediction. Fails where
/// the first settings do; `progress` hears the images done.
pub fn sweep<T: Clone + Send>(
    sweep: &Sweep<'_>,
    keep: &(impl Fn(Prediction<'_>) -> Result<T> + Sync),
    progress: &mut dyn FnMut(u64),
) -> Result<Swept<T>> {
    let Some((first, _)) = sweep.settings.split_first() else {
        return Err(Error::usage("there are no settings to try"));
    };
    let spec = sweep.job.dataset.as_ref().ok_or_else(|| {
        Error::usage("there is no data set to evaluate on").help("give one with --data PATH")
    })?;
    let dataset = dataset::open_with(spec, first.decoding())?;
    let (mut sessions, batch) = open(sweep.job)?;
    let pass = Pass { sweep, dataset: dataset.as_ref(), batch, on_bad_image: spec.on_bad_image, keep };
    let chunks = pass.run(&mut sessions, progress)?;
    Ok(joined(dataset.identity().clone(), sweep.settings.len(), chunks))
}

/// Sessions for every core, and their batch.
fn open(job: &Job) -> Result<(Vec<Box<dyn Session>>, usize)> {
    candidate::check_digest(job)?;
    let runtime = runtime::find(&job.runtime.name)?;
    runtime.check(job.runtime.device)?;
    let model = ModelToRun { path: &job.model.path, input: &job.input, output: &job.output };
    let mut prepared = runtime.prepare(model, job.runtime.device, &job.session)?;
    let most = if job.runtime.device == Device::Cpu { BATCH } else { usize::MAX };
    let preferred = prepared.preferred_batch().min(most);
    let batch = job.fixed_batch.or(job.protocol.batch).unwrap_or(preferred);
    Ok((prepared.sessions(batch, candidate::streams(job))?, batch))
}

struct Pass<'a, K> {
    sweep: &'a Sweep<'a>,
    dataset: &'a dyn Dataset,
    batch: usize,
    on_bad_image: OnBadImage,
    keep: &'a K,
}

/// A stretch of the data under all settings.
struct Chunk<T> {
    images: Vec<(usize, u32)>,
    answers: Vec<Answers<T>>,
    skipped: Vec<SkippedImage>,
}

/// Images that the first settings can be carried out on, and their tensors.
struct Loaded {
    images: Vec<(usize, Image)>,
    tensor: Tensor,
    skipped: Vec<SkippedImage>,
}

type Finished<T> = (usize, Result<Chunk<T>>);

impl<T: Clone + Send, K: Fn(Prediction<'_>) -> Result<T> + Sync> Pass<'_, K> {
    /// All chunks in the order of the data, or the first error.
    fn run(&self, sessions: &mut [Box<dyn Session>], progress: &mut dyn FnMut(u64)) -> Result<Vec<Chunk<T>>> {
        // Nobody waits for a turn: all that is kept of an image is small, and kept until the end.
        let stretches = Stretches::new(self.dataset.count(), self.batch);
        let (finished, results) = sync_channel(2 * sessions.len());
        std::thread::scope(|scope| {
            for session in sessions.iter_mut() {
                let (finished, stretches) = (finished.clone(), &stretches);
                scope.spawn(move || self.work(session.as_mut(), stretches, &finished));
            }
            drop(finished);
            self.collect(results, &stretches, progress)
        })
    }

    fn work(&self, session: &mut dyn Session, stretches: &Stretches, finished: &SyncSender<Finished<T>>) {
        let mut scratch = Scratch::default();
        while let Some(Stretch { number, images }) = stretches.next(|| self.sweep.interrupt.raised()) {
            if finished.send((number, self.chunk(session, images, &mut scratch))).is_err() {
                return;
            }
        }
    }

    fn collect(
        &self,
        results: Receiver<Finished<T>>,
        stretches: &Stretches,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<Chunk<T>>> {
        let (mut chunks, mut done, mut failed) = (Vec::new(), 0, None);
        for (index, chunk) in results {
            match chunk {
                Ok(chunk) => {
                    done += chunk.images.len() + chunk.skipped.len();
                    chunks.push((index, chunk));
                }
                Err(error) => {
                    stretches.end();
                    failed.get_or_insert(error);
                }
            }
            progress(done as u64);
        }
        if self.sweep.interrupt.raised() {
            return Err(Error::new(ErrorKind::Interrupted, "stopped before all images were done"));
        }
        chunks.sort_by_key(|(index, _)| *index);
        failed.map_or_else(|| Ok(chunks.into_iter().map(|(_, chunk)| chunk).collect()), Err)
    }

    fn chunk(
        &self,
        session: &mut dyn Session,
        range: Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<Chunk<T>> {
        let Loaded { images, tensor, skipped } = self.load(range, scratch)?;
        let mut entries = Vec::with_capacity(images.len());
        for (index, _) in &images {
            entries.push((*index, self.dataset.entry(*index)?.label));
        }
        let mut answers = vec![Answers::Kept(self.answer(session, &tensor, &entries)?)];
        for preprocess in self.sweep.settings.iter().skip(1) {
            answers.push(self.another(session, preprocess, (&images, &entries), &tensor, scratch));
        }
        Ok(Chunk { images: entries, answers, skipped })
    }

    /// Decodes a stretch and preprocesses it by the first settings; a bad image is one that either
    /// cannot be done with.
    fn load(&self, range: Range<usize>, scratch: &mut Scratch) -> Result<Loaded> {
        let preprocess = self.sweep.settings[0];
        let shape = preprocess.shape(self.batch);
        let mut values = Values::zeros(preprocess.element, shape.iter().product());
        let (mut images, mut skipped) = (Vec::with_capacity(range.len()), Vec::new());
        for index in range {
            let written = self.dataset.image(index).and_then(|image| {
                preprocess.write(&image, scratch, &mut values, images.len())?;
                Ok(image)
            });
            let image = unless_skipped(written, self.dataset, index, self.on_bad_image, &mut skipped)?;
            images.extend(image.map(|image| (index, image)));
        }
        Ok(Loaded { images, tensor: Tensor::new(shape, values)?, skipped })
    }

    fn another(
        &self,
        session: &mut dyn Session,
        preprocess: &Preprocess,
        (images, entries): (&[Indexed<Image>], &[Indexed<u32>]),
        first: &Tensor,
        scratch: &mut Scratch,
    ) -> Answers<T> {
        let answers = self.tensor(preprocess, images, scratch).and_then(|tensor| match tensor == *first {
            true => Ok(Answers::SameTensors),
            false => self.answer(session, &tensor, entries).map(Answers::Kept),
        });
        answers.unwrap_or_else(Answers::Impossible)
    }

    fn tensor(
        &self,
        preprocess: &Preprocess,
        images: &[(usize, Image)],
        scratch: &mut Scratch,
    ) -> Result<Tensor> {
        let shape = preprocess.shape(self.batch);
        let mut values = Values::zeros(preprocess.element, shape.iter().product());
        for (row, (index, image)) in images.iter().enumerate() {
            let written = preprocess.write(image, scratch, &mut values, row);
            written.map_err(|error| located(error, self.dataset, *index))?;
        }
        Tensor::new(shape, values)
    }

    fn answer(&self, session: &mut dyn Session, tensor: &Tensor, entries: &[(usize, u32)]) -> Result<Vec<T>> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let classes = self.dataset.identity().classes.len();
        let scores = scores::run(session, tensor, self.batch, &self.sweep.job.output, classes)?;
        let rows = entries.iter().zip(scores.rows(entries.len()));
        rows.map(|(&(index, label), scores)| {
            let id = self.dataset.entry(index)?.id;
            (self.keep)(Prediction { id: &id, label, scores })
        })
        .collect()
    }
}

fn joined<T: Clone>(dataset: DatasetIdentity, settings: usize, chunks: Vec<Chunk<T>>) -> Swept<T> {
    let answers = (0..settings).map(|of| join(&chunks, of)).collect();
    let labels = chunks.iter().flat_map(|chunk| chunk.images.iter().map(|&(_, label)| label)).collect();
    let skipped_count = chunks.iter().map(|chunk| chunk.skipped.len()).sum();
    let skipped = chunks.into_iter().flat_map(|chunk| chunk.skipped).take(NAMED).collect();
    Swept { dataset, labels, answers, skipped, skipped_count }
}

/// The answers of one pair of settings from all chunks. Where the tensors of a chunk were those of
/// the first settings, so are its answers.
fn join<T: Clone>(chunks: &[Chunk<T>], of: usize) -> Answers<T> {
    let mut all = Vec::new();
    let mut same = of > 0;
    for chunk in chunks.iter().filter(|chunk| !chunk.images.is_empty()) {
        match (&chunk.answers[of], &chunk.answers[0]) {
            (Answers::Impossible(error), _) => return Answers::Impossible(error.clone()),
            (Answers::Kept(kept), _) => {
                same = false;
                all.extend_from_slice(kept);
            }
            (Answers::SameTensors, Answers::Kept(first)) => all.extend_from_slice(first),
            (Answers::SameTensors, _) => {}
        }
    }
    if same { Answers::SameTensors } else { Answers::Kept(all) }
}
