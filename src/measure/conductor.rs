//! Leads all candidates through a measurement: prepared one by one, timed in turns, evaluated one
//! by one. A candidate that fails leaves with its reason; the others go on.

use std::path::PathBuf;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use tempfile::TempDir;

use super::launch::Launch;
use super::link::{Death, Link, Placement};
use super::observer::{Event, Observer};
use super::wire::{Answer, Assignment, Command, Prepared};
use super::{Interrupt, environment, inputs, same_session};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Job, Protocol};
use crate::record::{
    CalibrationOverlap, Environment, EvaluationEvidence, Evidence, LatencyEvidence, ModelIdentity, Outcome,
    RunRecord, SCHEMA_VERSION, Stage, ThroughputEvidence, ToolIdentity, timestamp,
};

/// Most and fewest stretches of the throughput measurement of each candidate; fewer where one run of
/// the full batch is longer than a stretch.
const STRETCHES: u32 = 8;
const LEAST_STRETCHES: u32 = 3;

/// Leads a measurement.
pub struct Conductor<'a> {
    pub(super) placement: Placement,
    pub(super) interrupt: Interrupt,
    observer: &'a mut dyn Observer,
    /// Called with every record that has changed, so that nothing measured is lost.
    keep: &'a mut dyn FnMut(usize, &RunRecord),
    /// Whether what is measured will be compared, among itself or with a saved run.
    pub(super) compares: bool,
}

/// One candidate on its way.
pub(super) struct Lane {
    index: usize,
    pub(super) record: RunRecord,
    pub(super) link: Option<Box<dyn Link>>,
    stage: Stage,
    /// What its processes are told.
    pub(super) assignment: Assignment,
    /// Why there is no place for the inputs of later launches.
    no_place: Option<Error>,
    /// The process that latency is measured in, after the first.
    pub(super) launch: Option<Launch>,
}

/// A candidate to measure.
pub struct Entrant {
    /// What to measure.
    pub job: Job,
    /// The model file.
    pub model: ModelIdentity,
    /// Where its predictions go.
    pub predictions: PathBuf,
    /// What is known of images that it was calibrated with.
    pub calibration: Option<CalibrationOverlap>,
}

impl<'a> Conductor<'a> {
    /// A conductor that keeps every changed record with `keep`.
    pub fn new(
        placement: Placement,
        interrupt: Interrupt,
        observer: &'a mut dyn Observer,
        keep: &'a mut dyn FnMut(usize, &RunRecord),
    ) -> Self {
        Self { placement, interrupt, observer, keep, compares: false }
    }

    /// The runs will be compared with saved ones too, so that even a single one needs a noise floor.
    pub fn with_others(mut self) -> Self {
        self.compares = true;
        self
    }

    /// Measures all candidates; one record each, in their order.
    pub fn measure(&mut self, entrants: Vec<Entrant>) -> Vec<RunRecord> {
        let Some(protocol) = entrants.first().map(|entrant| entrant.job.protocol.clone()) else {
            return Vec::new();
        };
        self.compares |= entrants.len() > 1;
        let here = environment();
        let measurement = format!("{} {} {}", timestamp(), here.host, std::process::id());
        // Without a place for inputs there are no launches but the first.
        let scratch = tempfile::tempdir().map_err(|e| inputs::unsaved().because(e));
        let mut lanes = Vec::with_capacity(entrants.len());
        for (index, entrant) in entrants.into_iter().enumerate() {
            lanes.push(self.start(index, entrant, here.clone(), &measurement, scratch.as_ref()));
        }
        self.prepare(&mut lanes);
        if protocol.passes.is_all() {
            self.warm_up(&mut lanes);
            self.latency(&mut lanes, &protocol);
            self.throughput(&mut lanes, &protocol);
        }
        self.evaluate(&mut lanes);
        self.finish(&mut lanes);
        lanes.into_iter().map(|lane| lane.record).collect()
    }

    fn start(
        &mut self,
        index: usize,
        entrant: Entrant,
        environment: Environment,
        measurement: &str,
        scratch: Result<&TempDir, &Error>,
    ) -> Lane {
        let Entrant { job, model, predictions, calibration } = entrant;
        let inputs = scratch.ok().map(|folder| folder.path().join(index.to_string()));
        let assignment = Assignment { job: job.clone(), predictions, inputs };
        let link = self.placement.start(assignment.clone());
        let now = timestamp();
        let record = RunRecord {
            schema_version: SCHEMA_VERSION,
            tool: ToolIdentity::current(),
            measurement: measurement.to_owned(),
            started_at: now.clone(),
            finished_at: now,
            job,
            model,
            dataset: None,
            runtime: None,
            environment,
            outcome: Outcome::Interrupted { stage: Stage::Prepare },
            evidence: Evidence { calibration, ..Evidence::default() },
        };
        let mut lane = Lane {
            index,
            record,
            link: None,
            stage: Stage::Prepare,
            assignment,
            no_place: scratch.err().cloned(),
            launch: None,
        };
        match link {
            Ok(link) => lane.link = Some(link),
            Err(error) => self.fail(&mut lane, error),
        }
        lane
    }

    fn prepare(&mut self, lanes: &mut [Lane]) {
        for lane in lanes {
            self.enter(lane, Stage::Prepare, None);
            if let Some(Answer::Prepared(prepared)) = self.ask(lane, &Command::Prepare) {
                lane.prepared(*prepared);
            }
            self.keep(lane);
        }
    }

    fn warm_up(&mut self, lanes: &mut [Lane]) {
        for lane in lanes {
            self.enter(lane, Stage::WarmUp, None);
            if let Some(Answer::Warm { warm_up, memory }) = self.ask(lane, &Command::WarmUp)
                && let Some(latency) = &mut lane.record.evidence.latency
            {
                latency.warm_up = warm_up;
                lane.record.evidence.memory = memory;
            }
        }
    }

    fn throughput(&mut self, lanes: &mut [Lane], protocol: &Protocol) {
        let seconds = protocol.throughput_seconds / f64::from(STRETCHES);
        for lane in &mut *lanes {
            self.enter(lane, Stage::Throughput, Some(STRETCHES.into()));
        }
        let mut random = Pcg64::seed_from_u64(protocol.seed.wrapping_add(1));
        for round in 0..STRETCHES {
            if round >= LEAST_STRETCHES && lanes.iter().any(|lane| lane.spent_on_throughput(protocol)) {
                break;
            }
            for index in shuffled(lanes.len(), &mut random) {
                self.stretch(&mut lanes[index], round, seconds);
            }
        }
        for lane in lanes {
            self.keep(lane);
        }
    }

    fn stretch(&mut self, lane: &mut Lane, round: u32, seconds: f64) {
        let command = Command::Throughput { round, seconds };
        let Some(Answer::Throughput { batch, streams, round: done }) = self.ask(lane, &command) else {
            return;
        };
        let evidence = &mut lane.record.evidence.throughput;
        evidence.get_or_insert(ThroughputEvidence { batch, streams, rounds: Vec::new() }).rounds.push(done);
        self.advance(lane, u64::from(round) + 1);
    }

    fn evaluate(&mut self, lanes: &mut [Lane]) {
        for lane in lanes {
            let Some(images) = lane.record.dataset.as_ref().map(|data| data.images as u64) else { continue };
            self.enter(lane, Stage::Evaluate, Some(images));
            if let Some(Answer::Evaluated { evidence, error }) = self.ask(lane, &Command::Evaluate) {
                let error = error.or_else(|| lane.other_session(&evidence));
                let whole = (evidence.images + evidence.skipped_count) as u64 == images;
                lane.record.evidence.evaluation = Some(evidence);
                match error {
                    Some(error) => self.fail(lane, error),
                    None if !whole => self.interrupted(lane),
                    None => {}
                }
            }
            self.keep(lane);
        }
    }

    fn finish(&mut self, lanes: &mut [Lane]) {
        for lane in lanes {
            if let Some(Answer::Finished { memory }) = self.ask(lane, &Command::Finish) {
                lane.record.evidence.memory = memory.filter(|_| lane.is_timed());
                lane.record.outcome = Outcome::Completed;
                lane.link = None;
                self.observer.notice(Event::Completed { candidate: lane.index });
            }
            lane.record.finished_at = timestamp();
            self.keep(lane);
        }
    }

    /// The answer to a command; none when the candidate is out, now or since before.
    pub(super) fn ask(&mut self, lane: &mut Lane, command: &Command) -> Option<Answer> {
        if lane.link.is_some() && self.interrupt.raised() {
            self.interrupted(lane);
        }
        let link = lane.link.as_mut()?;
        let (observer, candidate, stage) = (&mut *self.observer, lane.index, lane.stage);
        let answer = link.ask(command, &self.interrupt, &mut |done| {
            observer.notice(Event::Advanced { candidate, stage, done });
        });
        match answer {
            Ok(Answer::Failed { error }) => self.fail(lane, error),
            Ok(answer) => return Some(answer),
            Err(_) if self.interrupt.raised() => self.interrupted(lane),
            Err(death) => self.bury(lane, death),
        }
        None
    }

    pub(super) fn enter(&mut self, lane: &mut Lane, stage: Stage, total: Option<u64>) {
        if lane.link.is_none() {
            return;
        }
        lane.stage = stage;
        // Until it is over: what a record says if this very process is killed now.
        lane.record.outcome = Outcome::Interrupted { stage };
        self.keep(lane);
        self.observer.notice(Event::Entered { candidate: lane.index, stage, total });
    }

    pub(super) fn advance(&mut self, lane: &Lane, done: u64) {
        self.observer.notice(Event::Advanced { candidate: lane.index, stage: lane.stage, done });
    }

    pub(super) fn keep(&mut self, lane: &Lane) {
        (self.keep)(lane.index, &lane.record);
    }

    fn fail(&mut self, lane: &mut Lane, error: Error) {
        lane.link = None;
        let stage = lane.stage;
        lane.record.outcome = match error.kind {
            ErrorKind::Unsupported | ErrorKind::Unavailable => {
                Outcome::CouldNotRun { stage, error: error.clone() }
            }
            ErrorKind::Usage | ErrorKind::Unusable | ErrorKind::Interrupted => {
                Outcome::Failed { stage, error: error.clone() }
            }
        };
        self.observer.notice(Event::Ended { candidate: lane.index, error });
    }

    fn bury(&mut self, lane: &mut Lane, death: Death) {
        lane.link = None;
        let error =
            Error::unusable(format!("the worker process of {} died: {}", lane.record.job.label(), death.how));
        lane.record.outcome = Outcome::Crashed { stage: lane.stage, how: death.how, stderr: death.stderr };
        self.observer.notice(Event::Ended { candidate: lane.index, error });
    }

    fn interrupted(&mut self, lane: &mut Lane) {
        lane.link = None;
        lane.record.outcome = Outcome::Interrupted { stage: lane.stage };
        let error = Error::new(ErrorKind::Interrupted, "interrupted");
        self.observer.notice(Event::Ended { candidate: lane.index, error });
    }
}

impl Lane {
    /// Whether figures that hang on the machine are wanted.
    fn is_timed(&self) -> bool {
        self.record.job.protocol.passes.is_all()
    }

    /// Keeps what was opened and, where it is wanted, what loading showed.
    fn prepared(&mut self, prepared: Prepared) {
        self.record.runtime = Some(prepared.runtime);
        self.record.dataset = prepared.dataset;
        if !self.is_timed() {
            return;
        }
        let evidence = &mut self.record.evidence;
        evidence.load = vec![prepared.load];
        evidence.outputs = Some(prepared.outputs);
        evidence.latency = Some(LatencyEvidence {
            batch: prepared.latency_batch,
            session_sha256: prepared.session_sha256,
            warm_up: Default::default(),
            rounds: Vec::new(),
            ended: None,
            launch_error: self.no_place.take().or(prepared.unsaved),
        });
    }

    fn other_session(&self, evaluation: &EvaluationEvidence) -> Option<Error> {
        let timed = self.record.evidence.latency.as_ref()?;
        let error = same_session::differs(&timed.session_sha256, &evaluation.session_sha256)?;
        Some(error.at_path(&self.record.job.model.path))
    }

    fn spent_on_throughput(&self, protocol: &Protocol) -> bool {
        let rounds = self.record.evidence.throughput.iter().flat_map(|throughput| &throughput.rounds);
        let spent: u64 = rounds.map(|round| round.elapsed_ns).sum();
        spent as f64 >= protocol.throughput_seconds * 1e9
    }
}

pub(super) fn shuffled(count: usize, random: &mut Pcg64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(random);
    order
}
