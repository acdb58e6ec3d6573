//! Sessions of ONNX Runtime. Inputs and outputs live in tensors that are made once, so that a timed
//! run copies and allocates nothing.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use half::f16;
use ort::environment::Environment;
use ort::ep::CUDA;
use ort::logging::LogLevel;
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{
    HasSelectedOutputs, IoBinding, OutputSelector, RunOptions, Session as Inner, SessionInputValue,
    SessionInputs,
};
use ort::value::{
    DynTensor, DynTensorValueType, DynValue, PrimitiveTensorElementType, TensorElementType, TensorRef,
};

use super::message::{about_model, about_run, plain};
use super::{pins, provider};
use crate::error::{Error, Result};
use crate::plan::{Device, Dim, InputPort, Optimization, OutputPort, SessionOptions};
use crate::runtime::shape::{check_batch, check_input, output_shape};
use crate::runtime::{ModelToRun, Prepared, Session};
use crate::tensor::{ElementType, Tensor, Values};

/// Values of all images of a batch that a processor does best: 1 MiB of f32. What layers hand on is
/// a few times as much, and beyond a core's cache each of them waits for memory.
const VALUES: usize = 1 << 18;
/// Fewest and most images of such a batch.
const LEAST: usize = 4;
const MOST: usize = 32;

/// Sessions that load at once: each takes more memory while it does than when it has.
const AT_ONCE: usize = 4;

/// A model with the settings to make any number of sessions from.
pub struct OrtModel {
    environment: Environment,
    path: PathBuf,
    input: InputPort,
    output: OutputPort,
    device: Device,
    options: SessionOptions,
    /// Made while loading; the first to ask gets it.
    spare: Option<Inner>,
}

impl OrtModel {
    /// Loads and optimizes the model.
    pub fn load(
        environment: Environment,
        model: ModelToRun<'_>,
        device: Device,
        options: &SessionOptions,
    ) -> Result<Self> {
        let mut loaded = Self {
            environment,
            path: model.path.to_path_buf(),
            input: model.input.clone(),
            output: model.output.clone(),
            device,
            options: options.clone(),
            spare: None,
        };
        let session = loaded.commit()?;
        loaded.check_ports(&session)?;
        loaded.spare = Some(session);
        Ok(loaded)
    }

    fn commit(&self) -> Result<Inner> {
        let mut builder = builder(&self.environment, self.device, &self.options)
            .map_err(|error| setup_error(self.device, &error))?;
        builder.commit_from_file(&self.path).map_err(|error| about_model(&error, &self.path))
    }

    fn commit_side_by_side(&self, count: usize) -> Result<Vec<Inner>> {
        thread::scope(|scope| {
            let loading: Vec<_> = (0..count).map(|_| scope.spawn(|| self.commit())).collect();
            loading.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    }

    fn check_ports(&self, session: &Inner) -> Result<()> {
        let inputs: Vec<&str> = session.inputs().iter().map(|input| input.name()).collect();
        if inputs != [self.input.name.as_str()] {
            let what = format!("the model wants the inputs {inputs:?}, not `{}` alone", self.input.name);
            return Err(Error::unusable(what).at_path(&self.path));
        }
        if !session.outputs().iter().any(|output| output.name() == self.output.name) {
            let what = format!("the model has no output `{}`", self.output.name);
            return Err(Error::unusable(what).at_path(&self.path));
        }
        Ok(())
    }

    /// A session over `inner` for batches of `batch`.
    fn session_over(&self, inner: Inner, batch: usize) -> Result<Box<dyn Session>> {
        let ports = Ports {
            batch,
            output_shape: output_shape(&self.input, &self.output, batch),
            input: self.input.clone(),
            output: self.output.clone(),
        };
        Ok(match self.device {
            Device::Cpu => Box::new(CpuSession::new(inner, ports).map_err(|error| about_run(&error))?),
            Device::Cuda(index) => {
                Box::new(CudaSession::new(inner, ports, index).map_err(|error| about_run(&error))?)
            }
        })
    }
}

impl Prepared for OrtModel {
    fn session(&mut self, batch: usize) -> Result<Box<dyn Session>> {
        check_batch(&self.input, batch)?;
        let inner = match self.spare.take() {
            Some(session) => session,
            None => self.commit()?,
        };
        self.session_over(inner, batch)
    }

    fn sessions(&mut self, batch: usize, count: usize) -> Result<Vec<Box<dyn Session>>> {
        check_batch(&self.input, batch)?;
        let mut made: Vec<Inner> = self.spare.take_if(|_| count > 0).into_iter().collect();
        let model = &*self;
        while made.len() < count {
            let more = model.commit_side_by_side(AT_ONCE.min(count - made.len()))?;
            made.extend(more);
        }
        made.into_iter().map(|inner| model.session_over(inner, batch)).collect()
    }

    fn preferred_batch(&self) -> usize {
        match self.device {
            Device::Cpu => within_cache(&self.input),
            Device::Cuda(_) => MOST,
        }
    }
}

/// The largest power of two of images with at most [`VALUES`] values, within its limits.
fn within_cache(input: &InputPort) -> usize {
    let image: usize = input.shape.iter().skip(1).filter_map(Dim::known).product();
    let images = (VALUES / image.max(1)).clamp(LEAST, MOST);
    1 << images.ilog2()
}

fn builder(
    environment: &Environment,
    device: Device,
    options: &SessionOptions,
) -> ort::Result<SessionBuilder> {
    let mut builder = Inner::builder(environment)?
        .with_log_level(LogLevel::Warning)?
        .with_intra_threads(options.threads)?
        .with_inter_threads(1)?
        .with_optimization_level(level(options.optimization))?
        .with_intra_op_spinning(options.spinning)?;
    for (key, value) in &options.config {
        builder = builder.with_config_entry(key, value)?;
    }
    if let Device::Cuda(index) = device {
        let index = i32::try_from(index).map_err(ort::Error::wrap)?;
        // Without `error_on_failure` the session would silently run on the processor.
        let cuda = CUDA::default().with_device_id(index).build().error_on_failure();
        builder = builder.with_execution_providers([cuda])?;
    }
    Ok(builder)
}

fn level(optimization: Optimization) -> GraphOptimizationLevel {
    match optimization {
        Optimization::None => GraphOptimizationLevel::Disable,
        Optimization::Basic => GraphOptimizationLevel::Level1,
        Optimization::Extended => GraphOptimizationLevel::Level2,
        Optimization::All => GraphOptimizationLevel::All,
    }
}

/// An error while a session is set up, before any model is read.
fn setup_error(device: Device, error: &ort::Error) -> Error {
    let text = plain(error.message());
    let message = match device {
        Device::Cpu => Error::usage("ONNX Runtime refuses these session settings"),
        Device::Cuda(_) => Error::unavailable(format!("{} does not work here", provider(device))),
    };
    let message = message.because(text);
    match device {
        Device::Cpu => message.help("correct the settings that are passed to the runtime"),
        Device::Cuda(_) if text.contains("not enabled in this build") => {
            message.help("this ONNX Runtime is built without CUDA: `bench setup --gpu` fetches one that is not")
        }
        Device::Cuda(_) => message.help(format!(
            "ONNX Runtime {} needs an NVIDIA driver, CUDA 13 and cuDNN 9; without a system-wide installation:\n         \
             pip install nvidia-cuda-runtime nvidia-cublas nvidia-cuda-nvrtc nvidia-cufft nvidia-curand nvidia-cudnn-cu13",
            pins::VERSION
        )),
    }
}

/// Runs a tiny model on `device`, with nothing left to fall back to.
pub fn try_out(environment: &Environment, device: Device) -> Result<()> {
    let options = SessionOptions {
        threads: 1,
        optimization: Optimization::None,
        spinning: false,
        config: [("session.disable_cpu_ep_fallback".into(), "1".into())].into(),
    };
    let mut builder = match device {
        Device::Cpu => builder(environment, device, &SessionOptions { config: [].into(), ..options }),
        Device::Cuda(_) => builder(environment, device, &options),
    }
    .map_err(|error| setup_error(device, &error))?;
    let sum = one_and_one(&mut builder).map_err(|error| setup_error(device, &error))?;
    if sum == [2.0; 4] {
        return Ok(());
    }
    Err(Error::unavailable(format!("{} computes 1 + 1 = {sum:?}", provider(device))))
}

/// Adds ones to ones with a model of a single Add.
fn one_and_one(builder: &mut SessionBuilder) -> ort::Result<Vec<f32>> {
    const ADD: &[u8] = include_bytes!("../../../fixtures/models/add.onnx");
    let mut session = builder.commit_from_memory(ADD)?;
    let ones = ort::value::Tensor::from_array(([1usize, 4], vec![1.0f32; 4]))?;
    let outputs = session.run(ort::inputs![ones])?;
    Ok(outputs[0].try_extract_tensor::<f32>()?.1.to_vec())
}

/// What a session reads and writes.
struct Ports {
    batch: usize,
    input: InputPort,
    output: OutputPort,
    /// Shape of the output, where it is known before the run.
    output_shape: Option<Vec<usize>>,
}

/// A session on the processor: the input is written into a tensor of ONNX Runtime's, and the output
/// stays in one that is made beforehand where its shape is known.
struct CpuSession {
    inner: Inner,
    ports: Ports,
    options: RunOptions<HasSelectedOutputs>,
    input: Option<Bound>,
    output: Option<DynValue>,
}

/// The bound input with the shape it was made for.
struct Bound {
    shape: Vec<usize>,
    value: SessionInputValue<'static>,
}

impl CpuSession {
    fn new(inner: Inner, ports: Ports) -> ort::Result<Self> {
        let mut selector = OutputSelector::no_default().with(&ports.output.name);
        if let Some(shape) = &ports.output_shape {
            let tensor =
                DynTensor::new(&Allocator::default(), element(ports.output.element), shape.as_slice())?;
            selector = selector.preallocate(&ports.output.name, tensor);
        }
        let options = RunOptions::new()?.with_outputs(selector);
        Ok(Self { inner, ports, options, input: None, output: None })
    }
}

impl Session for CpuSession {
    fn bind(&mut self, input: &Tensor) -> Result<()> {
        check_input(&self.ports.input, self.ports.batch, input)?;
        let bound = match self.input.take().filter(|bound| bound.shape == input.shape()) {
            Some(mut bound) => refill(&mut bound.value, input.values()).map(|()| bound),
            None => filled(input).map(|tensor| Bound { shape: input.shape().to_vec(), value: tensor.into() }),
        };
        self.input = Some(bound.map_err(|error| about_run(&error))?);
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let input = &self.input.as_ref().ok_or_else(nothing_bound)?.value;
        self.output = run_on(&mut self.inner, input, &self.options, &self.ports)?;
        Ok(())
    }

    fn output(&mut self) -> Result<Tensor> {
        to_tensor(self.output.as_ref().ok_or_else(nothing_run)?)
    }

    fn infer(&mut self, input: &Tensor) -> Result<Tensor> {
        check_input(&self.ports.input, self.ports.batch, input)?;
        let lent = lent(input).map_err(|error| about_run(&error))?;
        // Read before `input` may go: an output may be the input itself.
        let output = run_on(&mut self.inner, &lent, &self.options, &self.ports)?;
        to_tensor(output.as_ref().ok_or_else(nothing_run)?)
    }
}

/// Runs on `input` and gives the output.
fn run_on(
    session: &mut Inner,
    input: &SessionInputValue<'_>,
    options: &RunOptions<HasSelectedOutputs>,
    ports: &Ports,
) -> Result<Option<DynValue>> {
    let inputs: SessionInputs<'_, '_, 0> = SessionInputs::ValueSlice(std::slice::from_ref(input));
    let mut outputs = session.run_with_options(inputs, options).map_err(|error| about_run(&error))?;
    Ok(outputs.remove(&ports.output.name))
}

/// A tensor of ONNX Runtime's over the values of `input`, where they lie.
fn lent(input: &Tensor) -> ort::Result<SessionInputValue<'_>> {
    let shape = input.shape();
    Ok(match input.values() {
        Values::F32(values) => TensorRef::from_array_view((shape, values.as_slice()))?.into(),
        Values::F16(values) => TensorRef::from_array_view((shape, values.as_slice()))?.into(),
        Values::U8(values) => TensorRef::from_array_view((shape, values.as_slice()))?.into(),
        Values::I8(values) => TensorRef::from_array_view((shape, values.as_slice()))?.into(),
    })
}

fn nothing_bound() -> Error {
    Error::unusable("the session was run before an input was bound")
}

fn nothing_run() -> Error {
    Error::unusable("the session has no output before its first run")
}

fn element(element: ElementType) -> TensorElementType {
    match element {
        ElementType::F32 => TensorElementType::Float32,
        ElementType::F16 => TensorElementType::Float16,
        ElementType::U8 => TensorElementType::Uint8,
        ElementType::I8 => TensorElementType::Int8,
    }
}

/// A new tensor with the shape and values of `input`.
fn filled(input: &Tensor) -> ort::Result<DynTensor> {
    let mut tensor = DynTensor::new(&Allocator::default(), element(input.element()), input.shape())?;
    match input.values() {
        Values::F32(values) => tensor.try_extract_tensor_mut()?.1.copy_from_slice(values),
        Values::F16(values) => tensor.try_extract_tensor_mut()?.1.copy_from_slice(values),
        Values::U8(values) => tensor.try_extract_tensor_mut()?.1.copy_from_slice(values),
        Values::I8(values) => tensor.try_extract_tensor_mut()?.1.copy_from_slice(values),
    }
    Ok(tensor)
}

/// Writes `values` into a tensor that was made for as many.
fn refill(target: &mut SessionInputValue<'static>, values: &Values) -> ort::Result<()> {
    match values {
        Values::F32(values) => write(target, values),
        Values::F16(values) => write(target, values),
        Values::U8(values) => write(target, values),
        Values::I8(values) => write(target, values),
    }
}

fn write<T>(target: &mut SessionInputValue<'static>, values: &[T]) -> ort::Result<()>
where
    T: PrimitiveTensorElementType + Copy,
{
    if let SessionInputValue::Owned(tensor) = target {
        tensor.try_extract_tensor_mut()?.1.copy_from_slice(values);
    }
    Ok(())
}

/// Copies a tensor that lies in main memory.
fn to_tensor(value: &DynValue) -> Result<Tensor> {
    let of_type = |error| about_run(&error);
    let wanted = value.dtype().tensor_type();
    let (shape, values) = match wanted {
        Some(TensorElementType::Float32) => read::<f32>(value).map_err(of_type)?,
        Some(TensorElementType::Float16) => read::<f16>(value).map_err(of_type)?,
        Some(TensorElementType::Uint8) => read::<u8>(value).map_err(of_type)?,
        Some(TensorElementType::Int8) => read::<i8>(value).map_err(of_type)?,
        other => return Err(Error::unsupported(format!("outputs of type {other:?} are not read"))),
    };
    Tensor::new(shape, Values::F32(values))
}

fn read<T>(value: &DynValue) -> ort::Result<(Vec<usize>, Vec<f32>)>
where
    T: PrimitiveTensorElementType + Copy + Into<f32>,
{
    let (shape, values) = value.try_extract_tensor::<T>()?;
    // A tensor that exists has no negative length.
    let shape = shape.iter().map(|&length| usize::try_from(length).unwrap_or(0)).collect();
    Ok((shape, values.iter().map(|&value| value.into()).collect()))
}

/// A session on a GPU: inputs are on the device before a run, and the run returns when the outputs
/// are complete there.
struct CudaSession {
    inner: Inner,
    ports: Ports,
    binding: IoBinding,
    is_bound: bool,
    output: Option<DynTensor>,
}

impl CudaSession {
    fn new(inner: Inner, ports: Ports, index: u32) -> ort::Result<Self> {
        let index = i32::try_from(index).map_err(ort::Error::wrap)?;
        let memory =
            || MemoryInfo::new(AllocationDevice::CUDA, index, AllocatorType::Device, MemoryType::Default);
        let mut binding = inner.create_binding()?;
        match &ports.output_shape {
            Some(shape) => {
                let allocator = Allocator::new(&inner, memory()?)?;
                let tensor = DynTensor::new(&allocator, element(ports.output.element), shape.as_slice())?;
                binding.bind_output(&ports.output.name, tensor)?;
            }
            None => binding.bind_output_to_device(&ports.output.name, &memory()?)?,
        }
        Ok(Self { inner, ports, binding, is_bound: false, output: None })
    }

    /// Binding copies to the device.
    fn upload(&mut self, input: &Tensor) -> ort::Result<()> {
        self.binding.bind_input(&self.ports.input.name, &filled(input)?)?;
        self.binding.synchronize_inputs()
    }

    fn compute(&mut self) -> ort::Result<()> {
        let mut outputs = self.inner.run_binding(&self.binding)?;
        self.binding.synchronize_outputs()?;
        let output = outputs.remove(&self.ports.output.name);
        self.output = output.map(|value| value.downcast::<DynTensorValueType>()).transpose()?;
        Ok(())
    }
}

impl Session for CudaSession {
    fn bind(&mut self, input: &Tensor) -> Result<()> {
        check_input(&self.ports.input, self.ports.batch, input)?;
        self.upload(input).map_err(|error| about_run(&error))?;
        self.is_bound = true;
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        if !self.is_bound {
            return Err(nothing_bound());
        }
        self.compute().map_err(|error| about_run(&error))
    }

    fn output(&mut self) -> Result<Tensor> {
        let value = self.output.as_ref().ok_or_else(nothing_run)?;
        let on_host = value.to(AllocationDevice::CPU, 0).map_err(|error| about_run(&error))?;
        to_tensor(&on_host.into_dyn())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_the_images_the_fewer_go_into_a_batch() {
        let of = |side: usize, channels: usize| {
            let shape = [Dim::Unknown, Dim::Known(channels), Dim::Known(side), Dim::Known(side)];
            within_cache(&InputPort { name: "x".into(), element: ElementType::F32, shape: shape.into() })
        };
        let batches = [of(28, 1), of(32, 3), of(64, 3), of(96, 3), of(160, 3), of(224, 3), of(512, 3)];
        assert_eq!(batches, [32, 32, 16, 8, 4, 4, 4]);
        let shape = vec![Dim::Unknown; 4];
        assert_eq!(within_cache(&InputPort { name: "x".into(), element: ElementType::F32, shape }), 32);
    }
}
