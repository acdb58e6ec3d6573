//! The latency pass: launch by launch, round by round, one block of everybody in turn.

use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::conductor::{Conductor, Lane, shuffled};
use super::launch::Launch;
use super::rounds;
use super::twin::Twin;
use super::wire::{Answer, Command};
use crate::error::{Error, ErrorKind};
use crate::plan::{Protocol, ROUNDS_A_LAUNCH};
use crate::record::{Ended, Round, Stage};

/// Rounds after which records are kept, in case this very process is killed.
const KEEP_EVERY: u32 = 10;

impl Conductor<'_> {
    /// The baseline a second time; it needs somebody to be compared with.
    fn twin(&self, lanes: &[Lane]) -> Option<Twin> {
        let lane = lanes.iter().find(|lane| lane.link.is_some()).filter(|_| self.compares)?;
        let mut twin = Twin::of(lane.assignment.clone());
        twin.launch(&self.placement, &self.interrupt);
        Some(twin)
    }

    pub(super) fn latency(&mut self, lanes: &mut [Lane], protocol: &Protocol) {
        let most = (protocol.latency_seconds * 1e3 / protocol.block_ms).ceil().max(1.0) as u64;
        for lane in &mut *lanes {
            self.enter(lane, Stage::Latency, Some(most));
        }
        let mut twin = self.twin(lanes);
        let first = lanes.iter().position(|lane| lane.link.is_some());
        let ended = self.rounds(lanes, twin.as_mut(), protocol);
        for (index, lane) in lanes.iter_mut().enumerate() {
            lane.launch = None;
            if let Some(twin) = twin.take_if(|_| Some(index) == first) {
                let (evidence, error) = twin.into_evidence();
                lane.record.evidence.twin = evidence;
                if let Some(error) = error {
                    lane.launch_failed(error);
                }
            }
            self.end_latency(lane, ended);
        }
    }

    /// Launch by launch, rounds of one block of everybody in random order, until it is enough.
    fn rounds(
        &mut self,
        lanes: &mut [Lane],
        mut twin: Option<&mut Twin>,
        protocol: &Protocol,
    ) -> Option<Ended> {
        let loads = lanes.iter().flat_map(|lane| &lane.record.evidence.load);
        let allowed = rounds::launches_allowed(protocol, loads);
        let mut random = Pcg64::seed_from_u64(protocol.seed);
        let mut launch = 0;
        for round in 0u32.. {
            if round > 0 && round.is_multiple_of(ROUNDS_A_LAUNCH) && launch + 1 < allowed {
                launch += 1;
                self.relaunch(lanes, twin.as_deref_mut());
            }
            // One place more than there are lanes: the twin's.
            for (position, index) in shuffled(lanes.len() + 1, &mut random).into_iter().enumerate() {
                let position = position as u32;
                match (lanes.get_mut(index), twin.as_deref_mut()) {
                    (Some(lane), _) => self.block(lane, round, position, launch),
                    (None, Some(twin)) => twin.block(round, position, launch, &self.interrupt),
                    (None, None) => {}
                }
            }
            let ended = rounds::ended(protocol, &running(lanes, twin.as_deref()), round + 1);
            if ended.is_some() {
                return ended;
            }
        }
        None
    }

    fn relaunch(&mut self, lanes: &mut [Lane], twin: Option<&mut Twin>) {
        for lane in lanes.iter_mut().filter(|lane| lane.link.is_some()) {
            // The old one ends first: there is never memory for three.
            lane.launch = None;
            match Launch::start(&self.placement, &lane.assignment, &self.interrupt) {
                Ok(launch) => lane.launched(launch),
                Err(error) => lane.launch_failed(error),
            }
        }
        if let Some(twin) = twin {
            twin.launch(&self.placement, &self.interrupt);
        }
    }

    fn end_latency(&mut self, lane: &mut Lane, ended: Option<Ended>) {
        if let Some(latency) = lane.record.evidence.latency.as_mut().filter(|_| lane.link.is_some()) {
            latency.ended = ended;
        }
        self.keep(lane);
    }

    fn block(&mut self, lane: &mut Lane, round: u32, position: u32, launch: u32) {
        let Some((launch, samples_ns)) = self.timed_runs(lane, launch) else { return };
        if let Some(latency) = &mut lane.record.evidence.latency {
            latency.rounds.push(Round { round, position, launch, samples_ns });
        }
        if round % KEEP_EVERY == KEEP_EVERY - 1 {
            self.keep(lane);
        }
        self.advance(lane, u64::from(round) + 1);
    }

    /// One block, and the launch that ran it: the first, where the later one is gone.
    fn timed_runs(&mut self, lane: &mut Lane, launch: u32) -> Option<(u32, Vec<u64>)> {
        if lane.link.is_some()
            && !self.interrupt.raised()
            && let Some(process) = &mut lane.launch
        {
            match process.block(&self.interrupt) {
                Ok(samples_ns) => return Some((launch, samples_ns)),
                Err(error) => lane.launch_failed(error),
            }
            lane.launch = None;
        }
        match self.ask(lane, &Command::Round)? {
            Answer::Round { samples_ns } => Some((0, samples_ns)),
            _ => None,
        }
    }
}

impl Lane {
    fn launched(&mut self, launch: Launch) {
        let evidence = &mut self.record.evidence;
        evidence.load.push(launch.load.clone());
        evidence.launch_memory.extend(launch.memory.clone());
        self.launch = Some(launch);
    }

    /// Keeps the first reason: those after it are most often the same. Who asked to stop knows why.
    fn launch_failed(&mut self, error: Error) {
        if error.kind != ErrorKind::Interrupted
            && let Some(latency) = &mut self.record.evidence.latency
        {
            latency.launch_error.get_or_insert(error);
        }
    }
}

/// Blocks of all that still run, the twin's last.
fn running<'a>(lanes: &'a [Lane], twin: Option<&'a Twin>) -> Vec<&'a [Round]> {
    let blocks = |lane: &'a Lane| lane.record.evidence.latency.as_ref().map(|latency| &latency.rounds[..]);
    let lanes = lanes.iter().filter(|lane| lane.link.is_some()).filter_map(blocks);
    lanes.chain(twin.and_then(Twin::running)).collect()
}
