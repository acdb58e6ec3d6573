//! How often two equal models are called different, how often a planted slow-down is found, and how
//! often the gate lets both pass: comparisons of a real model with itself on this machine, latency alone.
//!
//!     cargo build --release --no-default-features --bins
//!     cargo run --release --no-default-features --example false_alarms -- --csv quiet.csv
//!     cargo run --release --no-default-features --example false_alarms -- --csv loaded.csv --load
//!     cargo run --release --no-default-features --example false_alarms -- --from quiet.csv
//!
//! Each comparison is what `bench compare MODEL MODEL` does without data, with a seed of its own:
//! worker processes, launches, rounds, the baseline's twin. Throughput is cut to the fewest runs. A
//! file of `--csv` that is there already is gone on with until it has `--runs` comparisons.
//!
//! The slow-down is planted after the measurement: every sample of the candidate times 1.03. Log
//! ratios all move by ln 1.03 then; the pass would have ended after the same round, since the rule
//! that ends it looks at the width of their interval, and the width does not change.

mod latency_rule;
#[path = "../../benches/support/mod.rs"]
mod support;

use std::env;
use std::fs::{self, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use onnx_bench::compare::{Change, Criteria, change, compare};
use onnx_bench::measure::{Conductor, Entrant, Interrupt, Placement, Silent};
use onnx_bench::plan::{DataSettings, Job, Protocol};
use onnx_bench::record::{Ended, Run, RunRecord};
use onnx_bench::stats::{quantile, sorted, wilson};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// How much slower the planted candidate is.
const PLANTED: f64 = 1.03;

/// Comparisons between two lines of progress.
const SHOW_EVERY: usize = 10;

/// Seconds of a spell of load, and of a pause.
const SPELL: std::ops::Range<f64> = 0.2..2.0;

/// Comparisons of a model with itself.
#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/models/fashion-mnist/mobilenetv2.fp32.onnx"))]
    model: PathBuf,
    #[arg(long, default_value = "ort")]
    runtime: String,
    #[arg(long, default_value_t = 500)]
    runs: usize,
    /// Most seconds of timed runs of each candidate [default: as `bench compare`]
    #[arg(long)]
    time: Option<f64>,
    /// Seed of the first comparison; the next ones count on
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A second process loads one core on and off
    #[arg(long)]
    load: bool,
    /// Append each comparison as it ends
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Only the summary of such a file
    #[arg(long, conflicts_with = "csv")]
    from: Option<PathBuf>,
    /// The program whose workers measure [default: `bench` of the same build]
    #[arg(long)]
    bench: Option<PathBuf>,
    /// Load one core until standard input ends
    #[arg(long, hide = true)]
    spin: bool,
}

/// A name, and what a row says under it.
type Column<'a, T> = (&'a str, &'a dyn Fn(&Row) -> T);

/// What came of one comparison.
#[derive(Clone, Copy)]
struct Row {
    seed: u64,
    loaded: bool,
    speed_up: SpeedUp,
    planted: SpeedUp,
    /// The noise floor, a share.
    floor: f64,
    rounds: u64,
    launches: u32,
    /// Whether it ended since the ratio was known precisely enough, and not for want of time.
    precise: bool,
    /// Wall time of the whole comparison.
    seconds: f64,
}

/// The ratio of latencies with its interval.
#[derive(Clone, Copy)]
struct SpeedUp {
    ratio: f64,
    low: f64,
    high: f64,
}

/// What a speed-up is called beside a noise floor.
fn call(speed_up: &SpeedUp, floor: f64) -> Change {
    change(speed_up.ratio, speed_up.low, speed_up.high, floor, Criteria::default().min_effect)
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    if arguments.spin {
        spin(arguments.seed);
    }
    let rows = match &arguments.from {
        Some(path) => read(path)?,
        None => series(&arguments)?,
    };
    if rows.is_empty() {
        return Err("there is no comparison".into());
    }
    summary(&rows)
}

/// Measures until there are as many comparisons as asked for.
fn series(arguments: &Arguments) -> Outcome<Vec<Row>> {
    let there = arguments.csv.as_deref().filter(|path| path.exists());
    let mut rows = there.map(read).transpose()?.unwrap_or_default();
    if rows.iter().any(|row| row.loaded != arguments.load) {
        return Err("the file holds comparisons under another load; name another one".into());
    }
    let placement = Placement::Process { program: bench(arguments)?, patience: Duration::from_secs(300) };
    let _load = arguments.load.then(Load::start).transpose()?;
    let mut seed = rows.iter().map(|row| row.seed + 1).max().unwrap_or(arguments.seed);
    let mut failed = 0;
    while rows.len() < arguments.runs {
        match comparison(arguments, &placement, seed) {
            Ok(row) => {
                append(arguments.csv.as_deref(), &row)?;
                rows.push(row);
                show(&rows);
            }
            // One that fails is no reason to lose a night; when all do, it is.
            Err(error) => {
                say(&format!("seed {seed}: {error}"));
                failed += 1;
                if failed > rows.len() + 2 {
                    return Err("more comparisons fail than succeed".into());
                }
            }
        }
        seed += 1;
    }
    Ok(rows)
}

/// The program whose `worker` command measures.
fn bench(arguments: &Arguments) -> Outcome<PathBuf> {
    let beside = || {
        let example = env::current_exe().ok()?;
        Some(example.parent()?.parent()?.join(format!("bench{}", env::consts::EXE_SUFFIX)))
    };
    let program = arguments.bench.clone().or_else(beside).filter(|path| path.is_file());
    program.ok_or_else(|| {
        "there is no `bench` of this build; make it with `cargo build --release --bins`, or name one with --bench".into()
    })
}

fn comparison(arguments: &Arguments, placement: &Placement, seed: u64) -> Outcome<Row> {
    let begun = Instant::now();
    let runs = measure(arguments, placement, seed)?;
    let seconds = begun.elapsed().as_secs_f64();
    let slower = vec![runs[0].clone(), slowed(runs[1].clone())];
    let latency = runs[1].record.evidence.latency.as_ref().ok_or("there is no latency")?;
    let launches = latency.rounds.iter().map(|round| round.launch + 1).max().unwrap_or(0);
    let precise = latency.ended == Some(Ended::Precision);
    let (speed_up, floor, rounds) = judged(runs)?;
    let (planted, _, _) = judged(slower)?;
    Ok(Row { seed, loaded: arguments.load, speed_up, planted, floor, rounds, launches, precise, seconds })
}

/// The model against itself.
fn measure(arguments: &Arguments, placement: &Placement, seed: u64) -> Outcome<Vec<Run>> {
    let planned = support::planned(&arguments.model, DataSettings::default())?;
    let scratch = tempfile::tempdir()?;
    let entrant = |variant: &str| -> Outcome<Entrant> {
        let job = onnx_bench::cli::candidates::job(&planned, arguments.runtime.parse()?)?;
        let protocol = protocol(job.protocol, arguments, seed);
        let job = Job { variant: variant.into(), dataset: None, protocol, ..job };
        let (model, predictions) = (planned.model.identity(), scratch.path().join(variant));
        Ok(Entrant { job, model, predictions, calibration: None })
    };
    let entrants = vec![entrant("one")?, entrant("other")?];
    let (mut observer, mut keep) = (Silent, |_: usize, _: &RunRecord| {});
    let mut conductor = Conductor::new(placement.clone(), Interrupt::default(), &mut observer, &mut keep);
    let records = conductor.measure(entrants);
    match records.iter().find(|record| !record.outcome.is_completed()) {
        Some(record) => Err(format!("{}: {:?}", record.job.label(), record.outcome).into()),
        None => Ok(records.into_iter().map(|record| Run { record, predictions: None }).collect()),
    }
}

/// Latency as always, and of everything else the least.
fn protocol(protocol: Protocol, arguments: &Arguments, seed: u64) -> Protocol {
    let latency_seconds = arguments.time.unwrap_or(protocol.latency_seconds);
    Protocol { seed, latency_seconds, batch: Some(1), throughput_seconds: 0.0, ..protocol }
}

fn slowed(mut run: Run) -> Run {
    let rounds = run.record.evidence.latency.iter_mut().flat_map(|latency| &mut latency.rounds);
    for sample in rounds.flat_map(|round| &mut round.samples_ns) {
        *sample = (*sample as f64 * PLANTED).round() as u64;
    }
    run
}

/// Speed-up, noise floor and number of rounds, as the report has them.
fn judged(runs: Vec<Run>) -> Outcome<(SpeedUp, f64, u64)> {
    let comparison = compare(runs, 0)?;
    let [baseline, candidate] = comparison.columns.as_slice() else { return Err("two runs".into()) };
    let floor = baseline.reading("noise_floor").and_then(|reading| reading.value).ok_or("no noise floor")?;
    let versus = candidate.versus.as_ref().ok_or("the two were not compared")?;
    let reading = versus.pair("speed_up").ok_or("no speed-up")?;
    let (ratio, interval) = reading.value.zip(reading.interval).ok_or("no interval of the speed-up")?;
    Ok((SpeedUp { ratio, low: interval.low, high: interval.high }, floor, reading.n))
}

/// To standard error, where somebody may be left to read it.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn show(rows: &[Row]) {
    let count = rows.len();
    if let Some(row) = rows.last().filter(|_| count.is_multiple_of(SHOW_EVERY) || count == 1) {
        let SpeedUp { ratio, low, high } = row.speed_up;
        say(&format!(
            "{count}: {ratio:.4} ({low:.4} to {high:.4}), floor {:.2} %, {} rounds, {} launches, {:.1} s",
            100.0 * row.floor,
            row.rounds,
            row.launches,
            row.seconds
        ));
    }
}

const HEAD: &str = "seed,loaded,ratio,low,high,planted_ratio,planted_low,planted_high,floor,rounds,launches,\
                    precise,seconds";

fn append(path: Option<&Path>, row: &Row) -> io::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if file.metadata()?.len() == 0 {
        writeln!(file, "{HEAD}")?;
    }
    let three = |speed_up: &SpeedUp| format!("{},{},{}", speed_up.ratio, speed_up.low, speed_up.high);
    // In one piece, so that an end in between leaves no half of a line.
    let line = format!(
        "{},{},{},{},{},{},{},{},{}\n",
        row.seed,
        row.loaded,
        three(&row.speed_up),
        three(&row.planted),
        row.floor,
        row.rounds,
        row.launches,
        row.precise,
        row.seconds
    );
    file.write_all(line.as_bytes())
}

fn read(path: &Path) -> Outcome<Vec<Row>> {
    let text = fs::read_to_string(path)?;
    let mut lines = text.lines();
    if lines.next() != Some(HEAD) {
        return Err(format!("{} is no file of --csv", path.display()).into());
    }
    let row =
        |(index, line)| parse(line).ok_or_else(|| format!("{}, line {}", path.display(), index + 2).into());
    lines.enumerate().map(row).collect()
}

fn parse(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split(',').collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    let three = |at| Some(SpeedUp { ratio: number(at)?, low: number(at + 1)?, high: number(at + 2)? });
    Some(Row {
        seed: fields.first()?.parse().ok()?,
        loaded: fields.get(1)?.parse().ok()?,
        speed_up: three(2)?,
        planted: three(5)?,
        floor: number(8)?,
        rounds: fields.get(9)?.parse().ok()?,
        launches: fields.get(10)?.parse().ok()?,
        precise: fields.get(11)?.parse().ok()?,
        seconds: number(12)?,
    })
}

/// A reader who has gone, as `head` does, is no failure.
fn summary(rows: &[Row]) -> Outcome<()> {
    match tell(rows, &mut io::stdout().lock()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn tell(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let state = match rows.first().is_some_and(|row| row.loaded) {
        true => "one core loaded on and off",
        false => "no load added",
    };
    writeln!(out, "{} comparisons of a model with itself, {state}", rows.len())?;
    let called = |speed_up: &SpeedUp, row: &Row| call(speed_up, row.floor);
    let shares: [Column<'_, bool>; 8] = [
        ("interval holds 1", &|row| row.speed_up.low <= 1.0 && row.speed_up.high >= 1.0),
        ("called faster or slower", &|row| {
            matches!(called(&row.speed_up, row), Change::Better | Change::Worse)
        }),
        ("  faster", &|row| called(&row.speed_up, row) == Change::Better),
        ("  slower", &|row| called(&row.speed_up, row) == Change::Worse),
        ("planted slow-down found", &|row| called(&row.planted, row) == Change::Worse),
        ("gate passes itself", &|row| latency_rule::passes(&row.speed_up, row.floor)),
        ("gate passes 3 % slower", &|row| latency_rule::passes(&row.planted, row.floor)),
        ("ended by precision", &|row| row.precise),
    ];
    for (name, holds) in shares {
        writeln!(out, "{name:<26}{}", share(rows, holds))?;
    }
    let values: [Column<'_, f64>; 6] = [
        ("|ln ratio|, %", &|row| 100.0 * row.speed_up.ratio.ln().abs()),
        ("noise floor, %", &|row| 100.0 * row.floor),
        ("half-width, %", &|row| 50.0 * (row.speed_up.high / row.speed_up.low).ln()),
        ("rounds", &|row| row.rounds as f64),
        ("launches", &|row| f64::from(row.launches)),
        ("wall time, s", &|row| row.seconds),
    ];
    for (name, value) in values {
        writeln!(out, "{name:<26}{}", spread(rows, value))?;
    }
    Ok(())
}

fn share(rows: &[Row], holds: &dyn Fn(&Row) -> bool) -> String {
    let (hits, n) = (rows.iter().filter(|row| holds(row)).count() as u64, rows.len() as u64);
    let percent = 100.0 * hits as f64 / n as f64;
    let interval = wilson(hits, n, 0.95).map_or_else(String::new, |interval| {
        format!("(95 % interval {:.2} to {:.2} %)", 100.0 * interval.low, 100.0 * interval.high)
    });
    format!("{hits:>5} of {n}  {percent:>6.2} %  {interval}")
}

fn spread(rows: &[Row], value: &dyn Fn(&Row) -> f64) -> String {
    let values = sorted(rows.iter().map(value).collect());
    let at = |p: f64| quantile(&values, p).unwrap_or(f64::NAN);
    format!("median {:>7.3}  95 % quantile {:>7.3}", at(0.5), at(0.95))
}

/// A process that loads one core, ended with this value.
struct Load(Child);

impl Load {
    fn start() -> io::Result<Self> {
        // Should this process be killed, the pipe closes, and the load ends by itself.
        Command::new(env::current_exe()?).arg("--spin").stdin(Stdio::piped()).spawn().map(Self)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Spells of work and pauses of random lengths until standard input ends.
fn spin(seed: u64) -> ! {
    thread::spawn(|| {
        // An error is an end as well.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    let mut random = Pcg64::seed_from_u64(seed);
    loop {
        let until = Instant::now() + Duration::from_secs_f64(random.random_range(SPELL));
        let mut value = 1u64;
        while Instant::now() < until {
            value = black_box(support::splitmix(value));
        }
        thread::sleep(Duration::from_secs_f64(random.random_range(SPELL)));
    }
}
