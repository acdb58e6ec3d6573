//! Inference runtimes behind one seam: what is installed ([`Runtime`]), a compiled model
//! ([`Prepared`]), and the state of one thread that runs it ([`Session`]).

pub mod cpu;
mod fake;
pub mod ort;
mod shape;
#[cfg(feature = "tract")]
mod tract;

use std::path::Path;

use crate::error::{Error, Result};
use crate::plan::{Device, InputPort, OutputPort, SessionOptions};
use crate::record::RuntimeIdentity;
use crate::tensor::Tensor;

pub use fake::Fake;
#[cfg(feature = "tract")]
pub use tract::Tract;

/// Every runtime, in the order in which they are shown. A new one is a line here; the conformance
/// suite and the command line read this list.
pub static RUNTIMES: &[&dyn Runtime] = &[
    &ort::Ort,
    #[cfg(feature = "tract")]
    &Tract,
    &Fake,
];

/// The runtime called `name`.
pub fn find(name: &str) -> Result<&'static dyn Runtime> {
    RUNTIMES.iter().copied().find(|runtime| runtime.name() == name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Error {
    if name == "tract" {
        return Error::unavailable("this build of bench is without tract")
            .help("build it with the feature: cargo install --path . --features tract");
    }
    let names: Vec<&str> =
        RUNTIMES.iter().map(|runtime| runtime.name()).filter(|name| *name != "fake").collect();
    Error::usage(format!("there is no runtime `{name}`"))
        .help(format!("the runtimes are {}", names.join(", ")))
}

/// The model file to load and the ports to use.
#[derive(Clone, Copy, Debug)]
pub struct ModelToRun<'a> {
    /// The `.onnx` file.
    pub path: &'a Path,
    /// Where images go in.
    pub input: &'a InputPort,
    /// Where scores come out.
    pub output: &'a OutputPort,
}

/// An installed runtime. Implemented once for each; called by the measuring side.
pub trait Runtime: Sync {
    /// Name as users write it.
    fn name(&self) -> &'static str;

    /// Whether it works here on `device`, found out by trying; the error says why not and what to do.
    fn check(&self, device: Device) -> Result<RuntimeIdentity>;

    /// Loads and optimizes a model. An operator that the runtime lacks is an error of kind
    /// `Unsupported` that names the operator and the node.
    fn prepare(
        &self,
        model: ModelToRun<'_>,
        device: Device,
        options: &SessionOptions,
    ) -> Result<Box<dyn Prepared>>;
}

/// A compiled model.
pub trait Prepared: Send {
    /// A session for batches of exactly `batch` images. Sessions run side by side, each in a thread.
    fn session(&mut self, batch: usize) -> Result<Box<dyn Session>>;

    /// As many such sessions, one after the other unless the runtime can make some side by side.
    fn sessions(&mut self, batch: usize, count: usize) -> Result<Vec<Box<dyn Session>>> {
        (0..count).map(|_| self.session(batch)).collect()
    }

    /// The batch at which the runtime is at its best when many images wait, for where nobody asks
    /// for another.
    fn preferred_batch(&self) -> usize;
}

/// One thread's running state. Only [`Session::run`] is timed, so it holds nothing but the run and
/// returns when the result is ready: a device is synchronised.
pub trait Session: Send {
    /// Takes the next input; its shape is the one that the session was made for.
    fn bind(&mut self, input: &Tensor) -> Result<()>;

    /// Runs the model on the bound input.
    fn run(&mut self) -> Result<()>;

    /// The output of the last run as `f32` with its shape.
    fn output(&mut self) -> Result<Tensor>;

    /// The output for `input`, where nothing is timed and the next input comes at once: a runtime that
    /// can read `input` where it lies need not copy it.
    fn infer(&mut self, input: &Tensor) -> Result<Tensor> {
        self.bind(input)?;
        self.run()?;
        self.output()
    }
}
