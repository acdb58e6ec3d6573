//! What is known about a model, as a page for people.

use super::document::{Classifier, FileFacts, Inspection, PortFacts, Quantization, RemarkFacts, Use};
use crate::error::Error;
use crate::model::shape_text;
use crate::plan::{Activation, InputPort, OutputPort};
use crate::preprocess::Layout;
use crate::report::Style;
use crate::report::layout::{Align, left, table, wrap, wrap_parts};
use crate::report::number;

/// Columns of the names before facts, the space after them included.
const NAME: usize = 14;

/// Characters of a note in the metadata that are shown.
const NOTE: usize = 300;

/// The page, wrapped to the width of `style`.
pub fn render(inspection: &Inspection, style: &Style) -> String {
    let page = Page { style };
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
    let blocks: Vec<Vec<String>> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join(&String::new()).iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

struct Page<'a> {
    style: &'a Style,
}

impl Page<'_> {
    fn file(&self, file: &FileFacts) -> Vec<String> {
        let mut size = bytes(file.file_bytes);
        if file.external_bytes > 0 {
            size += &format!(" · external data {}", bytes(file.external_bytes));
        }
        let opsets: Vec<String> =
            file.opsets.iter().map(|(domain, version)| format!("{domain} {version}")).collect();
        let mut lines = self.heading(&file.path);
        lines.extend(self.fact("size", &size));
        lines.push(self.digest("sha256", &file.sha256));
        if file.external_bytes > 0 {
            lines.push(self.digest(".onnx alone", &file.file_sha256));
        }
        lines.extend(self.fact("opsets", &opsets.join(" · ")));
        if let Some(version) = file.ir_version {
            lines.extend(self.fact("IR version", &version.to_string()));
        }
        if let Some(producer) = &file.producer {
            lines.extend(self.fact("made by", producer));
        }
        lines
    }

    fn ports(&self, title: &str, ports: &[PortFacts]) -> Vec<String> {
        let mut lines = self.heading(title);
        if ports.is_empty() {
            lines.push("    none".to_owned());
        }
        let row = |port: &PortFacts| {
            let shape = port.shape.as_deref().map_or_else(|| "shape not stated".to_owned(), shape_text);
            let element = port.element.unwrap_or("not a tensor");
            vec![self.text(&port.name), element.to_owned(), self.text(&shape)]
        };
        lines.extend(self.table(ports.iter().map(row).collect(), &[Align::Left; 3]));
        lines
    }

    fn classifier(&self, classifier: &Classifier) -> Vec<String> {
        let mut lines = self.heading("as an image classifier");
        match &classifier.input {
            Use::Port(port) => {
                lines.extend(self.fact("images", &images(port, classifier.layout)));
                lines.extend(self.fact("batch", &batch(classifier)));
            }
            Use::Error(error) => lines.extend(self.obstacle("images", error)),
        }
        match &classifier.output {
            Use::Port(port) => lines.extend(self.fact("scores", &scores(port, classifier.classes))),
            Use::Error(error) => lines.extend(self.obstacle("scores", error)),
        }
        lines
    }

    fn obstacle(&self, name: &str, error: &Error) -> Vec<String> {
        let mut text = format!("cannot be measured: {}", error.what);
        if let Some(cause) = &error.cause {
            text += &format!(": {cause}");
        }
        let mut lines = self.fact(name, &text);
        if let Some(help) = &error.help {
            lines.extend(self.fact("", &format!("→ {help}")));
        }
        lines
    }

    fn quantization(&self, quantization: &Quantization) -> Vec<String> {
        let mut lines = self.heading("quantization");
        if quantization.quantized_layers == 0 {
            lines.extend(self.fact("scheme", &quantization.summary));
            return lines;
        }
        lines.extend(self.fact("scheme", quantization.scheme));
        let activations = [types(&quantization.activations), symmetry(quantization.symmetric_activations)];
        lines.extend(self.fact("activations", &joined(&activations)));
        let granularity = quantization.weight_granularity.unwrap_or_default().to_owned();
        let weights = [types(&quantization.weights), granularity, symmetry(quantization.symmetric_weights)];
        lines.extend(self.fact("weights", &joined(&weights)));
        let kinds = quantization.layer_kinds.join(", ");
        let covered = format!("{} of {} ({kinds})", quantization.quantized_layers, quantization.layers);
        lines.extend(self.fact("layers", &covered));
        let float =
            quantization.float_operators.iter().map(|(operator, count)| format!("{count} {operator}"));
        let float: Vec<String> = float.collect();
        let float = if float.is_empty() { "nothing".to_owned() } else { float.join(" · ") };
        lines.extend(self.fact("stayed float", &float));
        lines
    }

    /// The most frequent first.
    fn operators(&self, inspection: &Inspection) -> Vec<String> {
        let total: usize = inspection.operators.values().sum();
        let mut lines = self.heading(&format!("operators: {}", number::whole(total as u64)));
        let mut rows: Vec<(&String, &usize)> = inspection.operators.iter().collect();
        rows.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let row = |(name, count): (&String, &usize)| vec![number::whole(*count as u64), self.text(name)];
        lines.extend(self.table(rows.into_iter().map(row).collect(), &[Align::Right, Align::Left]));
        lines
    }

    fn storage(&self, inspection: &Inspection) -> Vec<String> {
        let parameters = number::counted(inspection.parameters, "trained parameter", "trained parameters");
        let total: u64 = inspection.stored_bytes.values().fold(0, |sum, bytes| sum.saturating_add(*bytes));
        let title = format!("{parameters}, {} stored", number::bytes(total as f64));
        let mut lines = self.heading(&title);
        let mut rows: Vec<(&String, &u64)> = inspection.stored_bytes.iter().collect();
        rows.sort_by_key(|(name, bytes)| (std::cmp::Reverse(**bytes), *name));
        let row = |(name, bytes): (&String, &u64)| {
            let share = if total == 0 { 0.0 } else { *bytes as f64 / total as f64 };
            vec![name.clone(), number::bytes(*bytes as f64), format!("{:.1} %", share * 100.0)]
        };
        let align = [Align::Left, Align::Right, Align::Right];
        lines.extend(self.table(rows.into_iter().map(row).collect(), &align));
        lines
    }

    fn metadata(&self, inspection: &Inspection) -> Vec<String> {
        if inspection.metadata.is_empty() {
            return Vec::new();
        }
        let mut lines = self.heading("metadata");
        for (key, value) in &inspection.metadata {
            lines.extend(self.wrapped(key, 4));
            let room = self.style.width.saturating_sub(8);
            let values = wrap_parts(&self.text(&note(value)), &self.style.text(" · "), room);
            lines.extend(values.iter().map(|line| format!("        {}", self.style.dim(line))));
        }
        lines
    }

    fn remarks(&self, remarks: &[RemarkFacts]) -> Vec<String> {
        if remarks.is_empty() {
            return Vec::new();
        }
        let mut lines = self.heading("remarks");
        for remark in remarks {
            lines.extend(self.marked(4, "!", &remark.what));
            lines.extend(self.marked(6, "→", remark.advice));
        }
        lines
    }

    fn heading(&self, text: &str) -> Vec<String> {
        self.wrapped(text, 2).iter().map(|line| self.style.bold(line)).collect()
    }

    fn fact(&self, name: &str, text: &str) -> Vec<String> {
        let room = self.style.width.saturating_sub(NAME + 4);
        let names = std::iter::once(name).chain(std::iter::repeat(""));
        let lines = wrap_parts(&self.text(text), &self.style.text(" · "), room);
        names
            .zip(lines)
            .map(|(name, line)| format!("    {}{line}", left(&self.style.dim(name), NAME)))
            .collect()
    }

    /// A digest is there to be copied: it is never broken.
    fn digest(&self, name: &str, sha256: &str) -> String {
        format!("    {}{sha256}", left(&self.style.dim(name), NAME))
    }

    /// Wrapped text behind a sign that is indented.
    fn marked(&self, indent: usize, mark: &str, text: &str) -> Vec<String> {
        let mark = self.style.text(mark);
        let below = " ".repeat(mark.chars().count());
        let marks = std::iter::once(&mark).chain(std::iter::repeat(&below));
        let room = self.style.width.saturating_sub(indent + mark.len() + 1);
        marks
            .zip(wrap(&self.text(text), room))
            .map(|(mark, line)| format!("{:indent$}{mark} {line}", ""))
            .collect()
    }

    fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        let lines = wrap(&self.text(text), self.style.width.saturating_sub(indent));
        lines.iter().map(|line| format!("{}{line}", " ".repeat(indent))).collect()
    }

    fn table(&self, rows: Vec<Vec<String>>, align: &[Align]) -> Vec<String> {
        if rows.is_empty() {
            return Vec::new();
        }
        table(&rows, align).iter().map(|line| format!("  {line}")).collect()
    }

    /// `text` as the terminal can show it. Names and notes come from the file: an escape sequence in
    /// them must not reach the terminal.
    fn text(&self, text: &str) -> String {
        let printable = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
        self.style.text(&text.chars().map(printable).collect::<String>())
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
    fn an_escape_sequence_in_a_name_does_not_reach_the_terminal() {
        let page = Page { style: &Style::PLAIN };
        let lines = page.heading("evil\u{1b}[2J\u{7}name\u{9b}31m");
        assert_eq!(lines, ["  evil\\u{1b}[2J\\u{7}name\\u{9b}31m"]);
    }

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
