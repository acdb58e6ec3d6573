//! Turns what ONNX Runtime says about a model into errors that name the operator and the node.

use std::path::Path;

use ort::ErrorCode;

use crate::error::Error;

/// An error about the model at `path`.
pub fn about_model(error: &ort::Error, path: &Path) -> Error {
    explain(error.code(), error.message()).at_path(path)
}

/// An error about a run.
pub fn about_run(error: &ort::Error) -> Error {
    let text = plain(error.message());
    wrong_shape(text).unwrap_or_else(|| Error::unusable("ONNX Runtime could not run the model").because(text))
}

/// Outputs are written into tensors of the shape that the graph declares. What ONNX Runtime says when
/// another is to be computed is about its own API:
/// `The output OrtValue provided for output 'NAME' … has shape {…} but the computed output shape for
/// this run is {…}.`, or before the run, `Got invalid dimensions for output: NAME for …`.
fn wrong_shape(text: &str) -> Option<Error> {
    let (name, error) = match between(text, "The output OrtValue provided for output '", "'") {
        Some(name) => {
            let declared = between(text, " has shape {", "}")?;
            let computed = between(text, "the computed output shape for this run is {", "}")?;
            let what =
                format!("the graph declares its output as [{declared}], and the run gave [{computed}]");
            (name, Error::unusable(what))
        }
        None => {
            let name = between(text, "Got invalid dimensions for output: ", " ")?;
            let what = "the graph computes another shape than it declares for its output";
            (name, Error::unusable(what).because(text))
        }
    };
    let help = "export the model again: the shape that it states for its output is wrong";
    Some(error.at(format!("output `{name}`")).help(help))
}

/// The message without the places in ONNX Runtime's own source that some begin with:
/// `/onnxruntime_src/…/x.cc:2043 Type Function() [ONNXRuntimeError] : 1 : FAIL : MESSAGE`.
pub fn plain(text: &str) -> &str {
    let Some((_, rest)) = text.split_once("[ONNXRuntimeError] : ") else { return text.trim() };
    rest.splitn(3, " : ").nth(2).unwrap_or(rest).trim()
}

fn explain(code: ErrorCode, text: &str) -> Error {
    let text = plain(text);
    if let Some(operator) = missing_operator(text) {
        return operator.error().because(text);
    }
    match code {
        ErrorCode::NoSuchFile => Error::unusable("the model file does not exist"),
        ErrorCode::InvalidProtobuf => Error::unusable("the file is not an ONNX model").because(text),
        ErrorCode::NotImplemented => Error::unsupported("ONNX Runtime cannot run this model").because(text),
        _ if is_too_new(text) => Error::unsupported("the model is newer than this ONNX Runtime")
            .because(text)
            .help("export it with an older opset, or use a newer ONNX Runtime (`--ort-lib`)"),
        _ => Error::unusable("ONNX Runtime cannot load the model").because(text),
    }
}

fn is_too_new(text: &str) -> bool {
    [
        "Unsupported model IR version",
        "Current official support for domain",
        "is till opset",
        "is under development",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}

/// An operator that ONNX Runtime lacks, and the node where it knows it.
#[derive(Debug, PartialEq, Eq)]
struct MissingOperator<'a> {
    operator: &'a str,
    node: Option<&'a str>,
}

impl MissingOperator<'_> {
    fn error(&self) -> Error {
        let operator = self.operator;
        Error::unsupported(match self.node {
            Some(node) => format!("operator {operator} (node {node}) is not in this ONNX Runtime"),
            None => format!("operator {operator} is not in this ONNX Runtime"),
        })
    }
}

/// Three messages of ONNX Runtime say that an operator is missing:
/// `Fatal error: DOMAIN:OP(VERSION) is not a registered function/op`,
/// `In Node, ("NODE", OP, …) … No Op registered for OP with domain_version of N`, and
/// `Could not find an implementation for OP(VERSION) node with name 'NODE'`.
fn missing_operator(text: &str) -> Option<MissingOperator<'_>> {
    if let Some((before, _)) = text.split_once(" is not a registered function/op") {
        let operator = last_word(before);
        return Some(MissingOperator { operator: without_version(operator), node: None });
    }
    if let Some(operator) = between(text, "No Op registered for ", " ") {
        return Some(MissingOperator { operator, node: named(between(text, "In Node, (\"", "\"")) });
    }
    let operator = between(text, "Could not find an implementation for ", " node")?;
    let node = named(between(text, "node with name '", "'"));
    Some(MissingOperator { operator: without_version(operator), node })
}

fn named(node: Option<&str>) -> Option<&str> {
    node.filter(|name| !name.is_empty())
}

fn last_word(text: &str) -> &str {
    text.rsplit([' ', '\n']).next().unwrap_or(text)
}

fn without_version(operator: &str) -> &str {
    operator.split('(').next().unwrap_or(operator)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_missing_operator_is_named_with_its_node_where_that_is_known() {
        let messages = [
            (
                "Load model from a.onnx failed:Fatal error: org.example:Frobnicate(-1) is not a registered function/op",
                "operator org.example:Frobnicate is not in this ONNX Runtime",
            ),
            (
                "This is an invalid model. In Node, (\"odd\", Frobnicate, \"\", -1) : (\"images\": tensor(float),) -> \
                 (\"odd\",) , Error No Op registered for Frobnicate with domain_version of 17",
                "operator Frobnicate (node odd) is not in this ONNX Runtime",
            ),
            (
                "Could not find an implementation for ConvInteger(10) node with name 'conv_7'",
                "operator ConvInteger (node conv_7) is not in this ONNX Runtime",
            ),
        ];
        for (message, expected) in messages {
            let error = explain(ErrorCode::GenericFailure, message);
            assert_eq!((error.kind, error.what.as_str()), (ErrorKind::Unsupported, expected));
            assert_eq!(error.cause.as_deref(), Some(message));
        }
    }

    #[test]
    fn places_in_the_source_of_onnx_runtime_are_left_out() {
        let text =
            "/onnxruntime_src/provider.cc:2043 Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load : x.so";
        assert_eq!(plain(text), "Failed to load : x.so");
        assert_eq!(plain(" as it is "), "as it is");
    }

    #[test]
    fn other_troubles_are_told_apart() {
        let kind = |code, text| explain(code, text).kind;
        assert_eq!(kind(ErrorCode::NoSuchFile, "x"), ErrorKind::Unusable);
        assert_eq!(kind(ErrorCode::InvalidProtobuf, "x"), ErrorKind::Unusable);
        assert_eq!(kind(ErrorCode::NotImplemented, "x"), ErrorKind::Unsupported);
        let newer = "Unsupported model IR version: 99, max supported IR version: 11";
        assert_eq!(kind(ErrorCode::GenericFailure, newer), ErrorKind::Unsupported);
        assert_eq!(kind(ErrorCode::GenericFailure, "odd"), ErrorKind::Unusable);
    }
}
