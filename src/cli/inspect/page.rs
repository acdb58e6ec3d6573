//! What is known about a model, as a page for people.

use super::document::{Classifier, FileFacts, Inspection, PortFacts, Quantization, RemarkFacts, Use};
use crate::error::Error;
use crate::model::shape_text;
use crate::plan::{Activation, InputPort, OutputPort};
use crate::preprocess::Layout;
use crate::report::Style;
use crate::report::blocks::Blocks;
use crate::report::layout::{Align, wrap_parts};
use crate::report::number;

/// Characters of a note in the metadata that are shown.
const NOTE: usize = 300;

/// The page, wrapped to the width of `style`.
pub fn render(inspection: &Inspection, style: &Style) -> String {
    let page = Page { blocks: Blocks { style } };
    let blocks = [
        page.file(&inspection.file),
        page.ports("inputs", &inspection.inputs),
        page.ports("outputs", &inspection.outputs),
        page.classifier(&inspection.classifier),
        page.quantization(&inspection.quantization),
        page.operators(inspection),
        page.storage(inspection),
        page.metadata(inspection),
        page.remarks(&inspection.remarks),
    ];
    Blocks::page(blocks)
}

struct Page<'a> {
    blocks: Blocks<'a>,
}

impl Page<'_> {
    fn file(&self, file: &FileFacts) -> Vec<String> {
        let mut size = bytes(file.file_bytes);
        if file.external_bytes > 0 {
            size += &format!(" · external data {}", bytes(file.external_bytes));
        }
        let opsets: Vec<String> =
            file.opsets.iter().map(|(domain, version)| format!("{domain} {version}")).collect();
        let mut lines = self.blocks.heading(&file.path);
        lines.extend(self.blocks.fact("size", &size));
        lines.push(self.blocks.unbroken("sha256", &file.sha256));
        if file.external_bytes > 0 {
            lines.push(self.blocks.unbroken(".onnx alone", &file.file_sha256));
        }
        lines.extend(self.blocks.fact("opsets", &opsets.join(" · ")));
        if let Some(version) = file.ir_version {
            lines.extend(self.blocks.fact("IR version", &version.to_string()));
        }
        if let Some(producer) = &file.producer {
            lines.extend(self.blocks.fact("made by", producer));
        }
        lines
    }

    fn ports(&self, title: &str, ports: &[PortFacts]) -> Vec<String> {
        let mut lines = self.blocks.heading(title);
        if ports.is_empty() {
            lines.push("    none".to_owned());
        }
        let row = |port: &PortFacts| {
            let shape = port.shape.as_deref().map_or_else(|| "shape not stated".to_owned(), shape_text);
            let element = port.element.unwrap_or("not a tensor");
            vec![self.blocks.text(&port.name), element.to_owned(), self.blocks.text(&shape)]
        };
        lines.extend(self.blocks.table(ports.iter().map(row).collect(), &[Align::Left; 3]));
        lines
    }

    fn classifier(&self, classifier: &Classifier) -> Vec<String> {
        let mut lines = self.blocks.heading("as an image classifier");
        match &classifier.input {
            Use::Port(port) => {
                lines.extend(self.blocks.fact("images", &images(port, classifier.layout)));
                lines.extend(self.blocks.fact("batch", &batch(classifier)));
            }
            Use::Error(error) => lines.extend(self.obstacle("images", error)),
        }
        match &classifier.output {
            Use::Port(port) => lines.extend(self.blocks.fact("scores", &scores(port, classifier.classes))),
            Use::Error(error) => lines.extend(self.obstacle("scores", error)),
        }
        lines
    }

    fn obstacle(&self, name: &str, error: &Error) -> Vec<String> {
        let mut text = format!("cannot be measured: {}", error.what);
        if let Some(cause) = &error.cause {
            text += &format!(": {cause}");
        }
        let mut lines = self.blocks.fact(name, &text);
        if let Some(help) = &error.help {
            lines.extend(self.blocks.fact("", &format!("→ {help}")));
        }
        lines
    }

    fn quantization(&self, quantization: &Quantization) -> Vec<String> {
        let mut lines = self.blocks.heading("quantization");
        if quantization.quantized_layers == 0 {
            lines.extend(self.blocks.fact("scheme", &quantization.summary));
            return lines;
        }
        lines.extend(self.blocks.fact("scheme", quantization.scheme));
        let activations = [types(&quantization.activations), symmetry(quantization.symmetric_activations)];
        lines.extend(self.blocks.fact("activations", &joined(&activations)));
        let granularity = quantization.weight_granularity.unwrap_or_default().to_owned();
        let weights = [types(&quantization.weights), granularity, symmetry(quantization.symmetric_weights)];
        lines.extend(self.blocks.fact("weights", &joined(&weights)));
        let kinds = quantization.layer_kinds.join(", ");
        let covered = format!("{} of {} ({kinds})", quantization.quantized_layers, quantization.layers);
        lines.extend(self.blocks.fact("layers", &covered));
        let float =
            quantization.float_operators.iter().map(|(operator, count)| format!("{count} {operator}"));
        let float: Vec<String> = float.collect();
        let float = if float.is_empty() { "nothing".to_owned() } else { float.join(" · ") };
        lines.extend(self.blocks.fact("stayed float", &float));
        lines
    }

    /// The most frequent first.
    fn operators(&self, inspection: &Inspection) -> Vec<String> {
        let total: usize = inspection.operators.values().sum();
        let mut lines = self.blocks.heading(&format!("operators: {}", number::whole(total as u64)));
        let mut rows: Vec<(&String, &usize)> = inspection.operators.iter().collect();
        rows.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let row =
            |(name, count): (&String, &usize)| vec![number::whole(*count as u64), self.blocks.text(name)];
        lines.extend(self.blocks.table(rows.into_iter().map(row).collect(), &[Align::Right, Align::Left]));
        lines
    }

    fn storage(&self, inspection: &Inspection) -> Vec<String> {
        let parameters = number::counted(inspection.parameters, "trained parameter", "trained parameters");
        let total: u64 = inspection.stored_bytes.values().fold(0, |sum, bytes| sum.saturating_add(*bytes));
        let title = format!("{parameters}, {} stored", number::bytes(total as f64));
        let mut lines = self.blocks.heading(&title);
        let mut rows: Vec<(&String, &u64)> = inspection.stored_bytes.iter().collect();
        rows.sort_by_key(|(name, bytes)| (std::cmp::Reverse(**bytes), *name));
        let row = |(name, bytes): (&String, &u64)| {
            let share = if total == 0 { 0.0 } else { *bytes as f64 / total as f64 };
            vec![name.clone(), number::bytes(*bytes as f64), format!("{:.1} %", share * 100.0)]
        };
        let align = [Align::Left, Align::Right, Align::Right];
        lines.extend(self.blocks.table(rows.into_iter().map(row).collect(), &align));
        lines
    }

    fn metadata(&self, inspection: &Inspection) -> Vec<String> {
        if inspection.metadata.is_empty() {
            return Vec::new();
        }
        let mut lines = self.blocks.heading("metadata");
        for (key, value) in &inspection.metadata {
            lines.extend(self.blocks.wrapped(key, 4));
            let room = self.blocks.style.width.saturating_sub(8);
            let values = wrap_parts(&self.blocks.text(&note(value)), &self.blocks.style.text(" · "), room);
            lines.extend(values.iter().map(|line| format!("        {}", self.blocks.style.dim(line))));
        }
        lines
    }

    fn remarks(&self, remarks: &[RemarkFacts]) -> Vec<String> {
        if remarks.is_empty() {
            return Vec::new();
        }
        let mut lines = self.blocks.heading("remarks");
        for remark in remarks {
            lines.extend(self.blocks.remark(&remark.what, remark.advice));
        }
        lines
    }
}

/// Bytes in a unit that is easy to read, and exactly: `4.52 kB (4,519 bytes)`.
fn bytes(count: u64) -> String {
    let short = number::bytes(count as f64);
    if count < 1000 { short } else { format!("{short} ({} bytes)", number::whole(count)) }
}

fn images(port: &InputPort, layout: Option<Layout>) -> String {
    let axes = match layout {
        Some(Layout::Nchw) => "channels first (nchw)",
        Some(Layout::Nhwc) => "channels last (nhwc)",
        None => "order of axes not clear: say --layout nchw or --layout nhwc",
    };
    format!("into `{}` · {} · {axes}", port.name, port.element.name())
}

fn batch(classifier: &Classifier) -> String {
    match classifier.fixed_batch {
        Some(count) => format!("fixed to {}", number::counted(count as u64, "image", "images")),
        None => "any number of images".to_owned(),
    }
}

fn scores(port: &OutputPort, classes: Option<usize>) -> String {
    let classes = match classes {
        Some(1) => "one score, which makes 2 classes".to_owned(),
        Some(count) => format!("{} classes", number::whole(count as u64)),
        None => "number of classes not stated".to_owned(),
    };
    let kind = match port.activation {
        Activation::Logits => "logits",
        Activation::Probabilities => "probabilities",
    };
    format!("from `{}` · {} · {classes} · {kind}", port.name, port.element.name())
}

fn types(names: &[String]) -> String {
    if names.is_empty() { "float".to_owned() } else { names.join("/") }
}

fn symmetry(symmetric: Option<bool>) -> String {
    match symmetric {
        Some(true) => "symmetric".to_owned(),
        Some(false) => "asymmetric".to_owned(),
        None => String::new(),
    }
}

fn joined(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" · ")
}

/// A note in one line, cut where it is long.
fn note(value: &str) -> String {
    let line = value.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ");
    match line.char_indices().nth(NOTE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_notes_are_cut_and_lines_joined() {
        assert_eq!(note("a\n  b \n\nc"), "a · b · c");
        let cut = note(&"ö".repeat(1000));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (NOTE + 1, true));
    }

    #[test]
    fn sizes_below_a_thousand_are_exact_already() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(4_519), "4.52 kB (4,519 bytes)");
    }
}
