//! tract, the pure-Rust runtime. It plans for one batch at a time: with a batch left open it would
//! choose none of its fast kernels and be many times slower, so every batch gets a plan of its own.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tract_onnx::prelude::multithread::{Executor, multithread_tract_scope};
use tract_onnx::prelude::{
    Arc, Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable, Symbol, TDim, TValue,
    Tensor as TractTensor, TractResult, TypedFact, TypedModel, TypedOp, TypedRunnableModel, onnx, tvec,
};
use tract_onnx::tract_core::plan::SimpleState;
use tract_onnx::tract_hir::infer::Factoid;

use super::shape::{check_batch, check_input};
use super::{ModelToRun, Prepared, Runtime, Session};
use crate::error::{Error, Result};
use crate::plan::{Device, Dim, InputPort, Optimization, SessionOptions};
use crate::record::RuntimeIdentity;
use crate::tensor::{Tensor, Values};

/// The version that `Cargo.toml` pins: the crate does not tell its own.
const VERSION: &str = "0.23.9";

/// tract in the list of runtimes.
pub struct Tract;

impl Runtime for Tract {
    fn name(&self) -> &'static str {
        "tract"
    }

    fn check(&self, device: Device) -> Result<RuntimeIdentity> {
        refuse_gpu(device)?;
        Ok(RuntimeIdentity::new(self.name(), VERSION, "CPU", None))
    }

    fn prepare(
        &self,
        model: ModelToRun<'_>,
        device: Device,
        options: &SessionOptions,
    ) -> Result<Box<dyn Prepared>> {
        refuse_gpu(device)?;
        refuse_settings(options)?;
        Ok(Box::new(TractModel::load(model, options)?))
    }
}

fn refuse_gpu(device: Device) -> Result<()> {
    match device {
        Device::Cpu => Ok(()),
        Device::Cuda(_) => Err(Error::unavailable("tract runs on the processor only")
            .help("use `tract`, or `ort:cuda` for the GPU")),
    }
}

/// What cannot be carried out is said, not passed over: the user would take the figures for those of
/// the setting.
fn refuse_settings(options: &SessionOptions) -> Result<()> {
    match options.config.keys().next() {
        None => Ok(()),
        Some(key) => {
            Err(Error::unsupported(format!("tract has no session settings, so none called `{key}`"))
                .help("leave --session and [measure.session] out for tract, or choose --runtime ort"))
        }
    }
}

/// A model with its batch still open, and the plans made from it so far.
struct TractModel {
    path: PathBuf,
    input: InputPort,
    model: TypedModel,
    /// What stands for the batch; nothing when the graph fixes it.
    batch: Option<Symbol>,
    optimization: Optimization,
    executor: Option<Executor>,
    plans: BTreeMap<usize, Arc<TypedRunnableModel>>,
}

impl TractModel {
    /// Loads the model and plans it for its own batch, or for one image.
    fn load(model: ModelToRun<'_>, options: &SessionOptions) -> Result<Self> {
        if !model.path.is_file() {
            return Err(Error::unusable("the model file does not exist").at_path(model.path));
        }
        refuse_open_axes(model.input)?;
        let graph = guarded(|| parse(model)).map_err(|why| unreadable(model.path, &why))?;
        refuse_more_inputs(&graph, model)?;
        refuse_another_output(&graph, model)?;
        refuse_unknown_operators(&graph).map_err(|error| error.at_path(model.path))?;
        let typed =
            guarded(|| graph.into_typed()).map_err(|why| message::cannot_run(&why).at_path(model.path))?;
        let batch =
            batch_symbol(&typed).map_err(|error| message::cannot_run(&text(&error)).at_path(model.path))?;
        let mut loaded = Self {
            path: model.path.to_path_buf(),
            input: model.input.clone(),
            model: typed,
            batch,
            optimization: options.optimization,
            executor: (options.threads > 1).then(|| Executor::multithread(options.threads)),
            plans: BTreeMap::new(),
        };
        let first = model.input.shape.first().and_then(Dim::known).unwrap_or(1);
        loaded.plan(first)?;
        Ok(loaded)
    }

    /// The plan for `batch`, made when it is first asked for.
    fn plan(&mut self, batch: usize) -> Result<Arc<TypedRunnableModel>> {
        if let Some(plan) = self.plans.get(&batch) {
            return Ok(Arc::clone(plan));
        }
        let plan =
            guarded(|| self.compile(batch)).map_err(|why| message::cannot_run(&why).at_path(&self.path))?;
        self.plans.insert(batch, Arc::clone(&plan));
        Ok(plan)
    }

    fn compile(&self, batch: usize) -> TractResult<Arc<TypedRunnableModel>> {
        let lengths: HashMap<Symbol, TDim> =
            self.batch.iter().map(|symbol| (symbol.clone(), TDim::from(batch))).collect();
        let fixed = self.model.set_symbols(&lengths)?;
        match self.optimization {
            Optimization::None => fixed,
            Optimization::Basic => fixed.into_decluttered()?,
            Optimization::Extended | Optimization::All => fixed.into_optimized()?,
        }
        .into_runnable()
    }
}

impl Prepared for TractModel {
    fn session(&mut self, batch: usize) -> Result<Box<dyn Session>> {
        check_batch(&self.input, batch)?;
        let plan = self.plan(batch)?;
        let state = guarded(|| plan.spawn()).map_err(|why| message::cannot_run(&why).at_path(&self.path))?;
        Ok(Box::new(TractSession {
            input: self.input.clone(),
            batch,
            state,
            executor: self.executor.clone(),
            bound: None,
            output: None,
        }))
    }

    /// tract takes longer per image in a batch than image by image.
    fn preferred_batch(&self) -> usize {
        1
    }
}

type State = SimpleState<TypedFact, Box<dyn TypedOp>>;

struct TractSession {
    input: InputPort,
    batch: usize,
    state: State,
    /// The threads to compute with, when there is more than one.
    executor: Option<Executor>,
    bound: Option<TValue>,
    output: Option<TValue>,
}

impl Session for TractSession {
    fn bind(&mut self, input: &Tensor) -> Result<()> {
        check_input(&self.input, self.batch, input)?;
        let tensor = copy_in(input).map_err(|error| could_not_run(&text(&error)))?;
        self.bound = Some(tensor.into());
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let input = self
            .bound
            .clone()
            .ok_or_else(|| Error::unusable("the session was run before an input was bound"))?;
        let state = &mut self.state;
        let run = || state.run(tvec![input]);
        let outputs = guarded(|| match &self.executor {
            Some(threads) => multithread_tract_scope(threads.clone(), run),
            None => run(),
        })
        .map_err(|why| could_not_run(&why))?;
        self.output = outputs.into_iter().next();
        Ok(())
    }

    fn output(&mut self) -> Result<Tensor> {
        let output = self
            .output
            .as_ref()
            .ok_or_else(|| Error::unusable("the session has no output before its first run"))?;
        copy_out(output).map_err(|error| could_not_run(&text(&error)))?
    }
}

/// Calls into tract; a panic there is an error like any other.
fn guarded<T>(call: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(outcome) => outcome.map_err(|error| text(&error)),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("tract panicked: {}", said.unwrap_or("without a message")))
        }
    }
}

/// The whole chain of causes in one line.
fn text(error: &impl std::fmt::Display) -> String {
    format!("{error:#}")
}

fn unreadable(path: &Path, why: &str) -> Error {
    Error::unusable("tract cannot read the model").because(why).at_path(path)
}

fn could_not_run(why: &str) -> Error {
    Error::unusable("tract could not run the model").because(why)
}

/// Only the batch may be open: a plan needs every length, and a session is told the batch alone.
fn refuse_open_axes(input: &InputPort) -> Result<()> {
    let open = input.shape.iter().enumerate().skip(1).find(|(_, dim)| dim.known().is_none());
    let Some((axis, _)) = open else { return Ok(()) };
    Err(Error::unsupported(format!(
        "tract needs a fixed image size; axis {axis} of `{}` is open",
        input.name
    ))
    .help("export the model with only the batch dynamic"))
}

/// Reads the graph down to the one output that is wanted.
fn parse(model: ModelToRun<'_>) -> TractResult<InferenceModel> {
    let mut graph = onnx().model_for_path(model.path)?;
    if graph.outputs.len() > 1 && graph.find_outlet_label(&model.output.name).is_some() {
        graph = graph.with_outputs_by_name([&model.output.name])?;
    }
    if model.input.shape.first() == Some(&Dim::Unknown) {
        name_the_batch(&mut graph, model.input)?;
    }
    Ok(graph)
}

/// Gives a batch without a name one, so that it can be fixed like the others.
fn name_the_batch(graph: &mut InferenceModel, input: &InputPort) -> TractResult<()> {
    let batch = TDim::from(graph.symbols.sym("batch"));
    let others = input.shape.iter().skip(1).filter_map(Dim::known).map(TDim::from);
    let shape: Vec<TDim> = std::iter::once(batch).chain(others).collect();
    let element = graph.input_fact(0)?.datum_type.concretize();
    if let Some(element) = element {
        graph.set_input_fact(0, InferenceFact::dt_shape(element, shape))?;
    }
    Ok(())
}

fn refuse_more_inputs(graph: &InferenceModel, model: ModelToRun<'_>) -> Result<()> {
    let names: Vec<&str> = graph.inputs.iter().map(|outlet| graph.nodes[outlet.node].name.as_str()).collect();
    if names == [model.input.name.as_str()] {
        return Ok(());
    }
    let what = format!("the model wants the inputs {names:?}, not `{}` alone", model.input.name);
    Err(Error::unusable(what).at_path(model.path))
}

fn refuse_another_output(graph: &InferenceModel, model: ModelToRun<'_>) -> Result<()> {
    let name = model.output.name.as_str();
    let is_wanted =
        |outlet| graph.outlet_label(outlet) == Some(name) || graph.nodes[outlet.node].name == name;
    match graph.outputs.first().is_some_and(|&outlet| is_wanted(outlet)) {
        true => Ok(()),
        false => Err(Error::unusable(format!("the model has no output `{name}`")).at_path(model.path)),
    }
}

fn refuse_unknown_operators(graph: &InferenceModel) -> Result<()> {
    for node in &graph.nodes {
        let name = node.op.name();
        if let Some(operator) = name.strip_prefix("Unimplemented(").and_then(|rest| rest.strip_suffix(')')) {
            return Err(message::missing_operator(operator, &node.name));
        }
    }
    Ok(())
}

fn batch_symbol(model: &TypedModel) -> TractResult<Option<Symbol>> {
    let shape = &model.input_fact(0)?.shape;
    Ok(shape.first().and_then(|dim| dim.symbols().into_iter().next()))
}

fn copy_in(input: &Tensor) -> TractResult<TractTensor> {
    match input.values() {
        Values::F32(values) => TractTensor::from_shape(input.shape(), values),
        Values::F16(values) => TractTensor::from_shape(input.shape(), values),
        Values::U8(values) => TractTensor::from_shape(input.shape(), values),
        Values::I8(values) => TractTensor::from_shape(input.shape(), values),
    }
}

fn copy_out(output: &TractTensor) -> TractResult<Result<Tensor>> {
    let floats = output.cast_to::<f32>()?;
    let values = floats.to_plain_array_view::<f32>()?.iter().copied().collect();
    Ok(Tensor::new(output.shape().to_vec(), Values::F32(values)))
}

/// What tract says, in the words of someone who has the model and not tract's source.
mod message {
    use crate::error::Error;

    /// An operator that tract lacks.
    pub fn missing_operator(operator: &str, node: &str) -> Error {
        let error = Error::unsupported(format!("operator {operator} (node {node}) is not in tract"));
        match is_quantized(operator) {
            true => error.help("a QDQ export of the same model would run"),
            false => error,
        }
    }

    /// Operators of com.microsoft and ONNX that compute in integers. Those that tract has do not
    /// come here.
    fn is_quantized(operator: &str) -> bool {
        operator.starts_with("QLinear") || operator == "QGemm" || operator == "QAttention"
    }

    /// A graph that tract read but cannot bring to run.
    pub fn cannot_run(why: &str) -> Error {
        if let Some(operator) = why.split_once("Unimplemented(").and_then(|(_, rest)| rest.split_once(')')) {
            return missing_operator(operator.0, node(why).map_or("?", |(name, _)| name)).because(why);
        }
        let error = match node(why) {
            Some((name, operator)) => Error::unsupported(format!(
                "tract cannot run operator {operator} (node {name}) of this model"
            )),
            None => Error::unsupported("tract cannot run this model"),
        };
        let error = error.because(why);
        match why.contains("F16") && why.contains("Gemm") {
            true => error.help("tract has no half-precision Gemm: keep Gemm in fp32 when converting"),
            false => error,
        }
    }

    /// Name and operator out of `node #12 "NAME" OPERATOR`.
    fn node(why: &str) -> Option<(&str, &str)> {
        let (_, rest) = why.split_once("node #")?;
        let (_, rest) = rest.split_once('"')?;
        let (name, rest) = rest.split_once('"')?;
        let operator = rest.trim_start().split([' ', ':', ',']).next()?;
        Some((name, operator))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_missing_quantized_operator_comes_with_the_way_out() {
            let error = missing_operator("QLinearAdd", "Add_12");
            assert_eq!(error.what, "operator QLinearAdd (node Add_12) is not in tract");
            assert!(error.help.unwrap().contains("QDQ"));
            assert_eq!(missing_operator("Frobnicate", "odd").help, None);
        }

        #[test]
        fn the_operator_is_taken_from_what_tract_says() {
            let why = "Translating node #5 \"head\" Gemm ToTypedTranslator: Output mismatch after rewiring \
                       expansion for output #0: expected 1,10,F16 got 1,10,F32";
            let error = cannot_run(why);
            assert!(error.what.contains("operator Gemm (node head)"), "{error}");
            assert!(error.help.unwrap().contains("fp32"));
            assert_eq!(cannot_run("odd").what, "tract cannot run this model");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_built_in() {
        assert!(
            include_str!("../../Cargo.toml").contains(&format!("tract-onnx = {{ version = \"={VERSION}\""))
        );
    }

    #[test]
    fn a_panic_inside_is_an_error() {
        let outcome: Result<(), String> = guarded(|| panic!("index {} out of range", 7));
        assert_eq!(outcome, Err("tract panicked: index 7 out of range".to_owned()));
    }
}
