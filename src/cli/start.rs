//! The list of commands, and the way into each.

use std::io::{self, Write};

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::exit::Exit;
use super::{
    baseline, compare, data, doctor, flips, gate, inspect, list, merge, plan, preprocess_check, report, run,
    setup,
};
use crate::error::{Error, ErrorKind, Result};
use crate::json_text;
use crate::measure;
use crate::report::markup::steers;

/// Is this int8 ONNX model good enough to ship instead of the fp32 one, and is it worth it?
#[derive(Parser)]
#[command(
    name = "bench",
    version,
    arg_required_else_help = true,
    before_help = "Example:  bench compare model.fp32.onnx model.int8.onnx --data images/",
    after_help = "Exit status: 0 done · 1 the gate failed (gate), preprocessing in doubt (preprocess-check) · 2 wrong usage · 3 something that was asked for could not run · 4 the gate cannot tell · 130, 143 interrupted"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure models side by side and set them against the first: size, speed, memory, accuracy by class
    Compare(Box<compare::CompareArgs>),
    /// Hold candidates to a policy and exit with 1 where they lose more than they may: for CI
    Gate(Box<gate::GateArgs>),
    /// Keep what candidates are held against as a small file in the repository
    Baseline(baseline::BaselineArgs),
    /// Measure one model into a record; one of several machines evaluates its shard of the images
    Run(Box<run::RunArgs>),
    /// Whether another preprocessing makes a model significantly more accurate than the settings in use
    PreprocessCheck(Box<preprocess_check::CheckArgs>),
    /// What is in a data set: classes, sizes, duplicates, bad files, a contact sheet; divide it into lists
    Data(Box<data::DataArgs>),
    /// Join the records of all shards into the record of the whole
    Merge(merge::MergeArgs),
    /// Before any run: what so many images can show, and how many a margin needs
    Plan(plan::PlanArgs),
    /// The same page from runs saved before
    Report(report::ReportArgs),
    /// The images on which two saved runs differ, the worst first
    Flips(flips::FlipsArgs),
    /// What is in a model: inputs, outputs, operators, sizes, and its quantization passport
    Inspect(inspect::InspectArgs),
    /// Which runtimes, providers and libraries work on this machine, and why not
    Doctor(doctor::DoctorArgs),
    /// Fetch the ONNX Runtime library into the cache
    Setup(setup::SetupArgs),
    /// What there is: runtimes, metrics, formats, presets
    List(list::ListArgs),
    /// Print a JSON schema: of reports, of gates, of baselines, or of [gate] in bench.toml
    #[command(
        before_help = "Examples:\n  bench schema > report.schema.json\n  bench schema policy > bench.toml.schema.json"
    )]
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t = Schema::Report)]
        of: Schema,
    },
    /// Print a completion script for a shell
    #[command(before_help = "Example:  bench completions bash > /etc/bash_completion.d/bench")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Measures one candidate for another bench process
    #[command(hide = true)]
    Worker,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Schema {
    /// `--json` of compare and report
    Report,
    /// `--json` of gate
    Gate,
    /// [gate] in bench.toml
    Policy,
    /// Files of bench baseline
    Baseline,
}

impl Schema {
    fn json(self) -> serde_json::Value {
        match self {
            Self::Report => crate::report::json_schema(),
            Self::Gate => crate::report::gate::gate_schema(),
            Self::Policy => crate::gate::policy_schema(),
            Self::Baseline => crate::gate::baseline_schema(),
        }
    }
}

/// Runs the program and tells how it ended; errors are on standard error by then.
pub fn start() -> Exit {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    match dispatch(&matches) {
        Ok(exit) => exit,
        Err(error) => {
            // Nobody is left to read it when standard error is closed.
            let _ = writeln!(io::stderr(), "error: {}", printable(&error.to_string()));
            error.kind.into()
        }
    }
}

/// Text of a file or a library must not be able to move the cursor or to change colours.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if steers(c) && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Help and version end well; everything else that clap says is wrong usage.
fn usage(error: &clap::Error) -> Exit {
    // As above.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

fn dispatch(matches: &ArgMatches) -> Result<Exit> {
    let cli = Cli::from_arg_matches(matches)
        .map_err(|e| Error::usage("the arguments are not understood").because(e))?;
    let own = matches.subcommand().map_or(matches, |(_, own)| own);
    // Locked only where a command writes little and starts nothing that writes as well.
    let out = || io::stdout().lock();
    let done = match cli.command {
        Command::Compare(args) => return compare::compare(&args, own),
        Command::Gate(args) => return gate::gate(&args, own),
        Command::Run(args) => return run::run(&args, own),
        Command::PreprocessCheck(args) => return preprocess_check::check(&args, own),
        Command::Data(args) => return data::data(&args),
        Command::Setup(args) => return setup::setup(&args, &mut out()),
        Command::Report(args) => report::report(&args, own),
        Command::Flips(args) => flips::flips(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Worker => measure::serve(),
        Command::Baseline(args) => baseline::baseline(&args, &mut out()),
        Command::Merge(args) => merge::merge(&args, &mut out()),
        Command::Inspect(args) => inspect::inspect(&args, &mut out()),
        Command::Doctor(args) => doctor::doctor(&args, &mut out()),
        Command::List(args) => list::list(&args, &mut out()),
        Command::Schema { of } => schema(of, &mut out()),
        Command::Completions { shell } => completions(shell, &mut out()),
    };
    done.map(|()| Exit::Done)
}

fn schema(of: Schema, out: &mut impl Write) -> Result<()> {
    let text = json_text::indented(&of.json())
        .map_err(|e| Error::unusable("the schema cannot be written").because(e))?;
    write!(out, "{text}").or_else(closed_pipe)
}

fn completions(shell: Shell, out: &mut impl Write) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "bench", &mut script);
    out.write_all(&script).or_else(closed_pipe)
}

/// A reader that has seen enough, as in `bench … | head`, is no error.
pub fn closed_pipe(error: io::Error) -> Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Error::new(ErrorKind::Unusable, "standard output cannot be written").because(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let shown = command.get_before_help().map(ToString::to_string).unwrap_or_default();
            assert!(shown.contains("bench "), "{} has none", command.get_name());
        }
    }

    #[test]
    fn the_guide_names_every_variable() {
        let guide = include_str!("../../docs/guide.md");
        let commands = Cli::command();
        let arguments = commands.get_subcommands().flat_map(|command| command.get_arguments());
        let variables =
            arguments.filter_map(|argument| Some(argument.get_env()?.to_string_lossy().into_owned()));
        let missing: Vec<String> = variables.filter(|name| !guide.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
