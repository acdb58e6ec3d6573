//! `bench setup`: brings ONNX Runtime into the cache.

use std::io::Write;

use clap::Args;

use super::exit::Exit;
use super::signals;
use crate::error::{Error, ErrorKind, Result};
use crate::measure::Interrupt;
use crate::runtime::ort::environment;
use crate::runtime::ort::pins::Build;

/// Fetches ONNX Runtime through pip into the cache, or checks what is there
#[derive(Args, Clone, Debug)]
#[command(before_help = "Examples:\n  bench setup          the build for the processor (about 24 MB)\n  \
                        bench setup --gpu    the build with CUDA (about 256 MB)")]
pub struct SetupArgs {
    /// The build with CUDA, for NVIDIA GPUs
    #[arg(long)]
    pub gpu: bool,
    /// Fetch nothing; only check what is there
    #[arg(long, env = "BENCH_OFFLINE", value_parser = clap::builder::FalseyValueParser::new())]
    pub offline: bool,
}

/// Runs `bench setup`; writes what is ready to `out`.
pub fn setup(args: &SetupArgs, out: &mut dyn Write) -> Result<Exit> {
    let build = if args.gpu { Build::Gpu } else { Build::Cpu };
    let interrupt = Interrupt::default();
    signals::watch(&interrupt)?;
    let library = match (environment::install(build, args.offline), interrupt.signal()) {
        (Err(error), Some(signal)) if error.kind == ErrorKind::Interrupted => {
            return Ok(Exit::Interrupted(signal));
        }
        (library, _) => library?,
    };
    let mut text = format!(
        "ONNX Runtime {} ({}) is ready\n  {}\n",
        library.version,
        build.name(),
        library.path.display()
    );
    if args.gpu {
        text +=
            "It also needs an NVIDIA driver, CUDA 13 and cuDNN 9; `bench doctor` tries whether it works.\n";
    }
    out.write_all(text.as_bytes()).map_err(|error| Error::unusable("cannot write").because(error))?;
    Ok(Exit::Done)
}
