//! `bench inspect`: what is in a model, before anything is measured.

mod document;
mod page;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::start::closed_pipe;
use crate::error::{Error, Result};
use crate::json_text;
use crate::model::ModelFile;
use crate::report::{ColorChoice, Style};
use document::Inspection;

/// Arguments of `bench inspect`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  bench inspect model.int8.onnx
  bench inspect model.int8.onnx --json | jq .quantization")]
pub struct InspectArgs {
    /// The .onnx file; it need not be an image classifier
    model: PathBuf,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// Colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

/// Writes what is in the model. Fails when the file is no usable ONNX model; a model that `bench`
/// cannot measure is described all the same, with the reason.
pub fn inspect(args: &InspectArgs, out: &mut impl Write) -> Result<()> {
    let inspection = Inspection::of(&ModelFile::open(&args.model)?);
    let text = match args.json {
        true => json(&inspection)?,
        false => page::render(&inspection, &Style::of_stdout(args.color)),
    };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).or_else(closed_pipe)
}

fn json(inspection: &Inspection) -> Result<String> {
    json_text::indented(inspection).map_err(|e| Error::unusable("the JSON cannot be written").because(e))
}
