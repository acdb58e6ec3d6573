//! Ways through a graph: who makes a value, who takes it, and every node and tensor there is.

use std::collections::{HashMap, HashSet};

use super::onnx::{AttributeProto, DataType, GraphProto, ModelProto, NodeProto, TensorProto};

/// The main graph; an empty one where the file has none.
pub(super) fn main_graph(model: &ModelProto) -> &GraphProto {
    static EMPTY: GraphProto = GraphProto {
        node: Vec::new(),
        name: None,
        initializer: Vec::new(),
        doc_string: None,
        input: Vec::new(),
        output: Vec::new(),
        value_info: Vec::new(),
        quantization_annotation: Vec::new(),
        sparse_initializer: Vec::new(),
        metadata_props: Vec::new(),
    };
    model.graph.as_ref().unwrap_or(&EMPTY)
}

/// Longest chain of nodes that is followed; ends the walk in a graph with a cycle, which a broken
/// file can have.
const LONGEST_CHAIN: usize = 64;

/// The name of an operator as users see it: `Conv`, `com.microsoft:QGemm`.
pub(super) fn operator(node: &NodeProto) -> String {
    match node.domain() {
        "" | "ai.onnx" => node.op_type().to_owned(),
        domain => format!("{domain}:{}", node.op_type()),
    }
}

/// The attribute of `node` that is called `name`.
pub(super) fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name() == name)
}

/// An input's name; none when the node leaves it out.
pub(super) fn input(node: &NodeProto, index: usize) -> Option<&str> {
    node.input.get(index).map(String::as_str).filter(|name| !name.is_empty())
}

/// Every node that can run: of the main graph, of graphs within nodes, of the model's own functions.
pub(super) fn nodes(model: &ModelProto) -> Vec<&NodeProto> {
    let mut found: Vec<&NodeProto> = model.graph.iter().flat_map(|graph| &graph.node).collect();
    found.extend(model.functions.iter().flat_map(|function| &function.node));
    let mut next = 0;
    while let Some(&node) = found.get(next) {
        found.extend(inner_graphs(node).flat_map(|graph| &graph.node));
        next += 1;
    }
    found
}

/// Every tensor stored in the model: initializers, sparse ones by their parts, and constants within
/// nodes.
pub(super) fn stored_tensors(model: &ModelProto) -> Vec<&TensorProto> {
    let nodes = nodes(model);
    let graphs = model.graph.iter().chain(nodes.iter().flat_map(|node| inner_graphs(node)));
    let in_graphs = graphs.flat_map(|graph| {
        let sparse =
            graph.sparse_initializer.iter().flat_map(|sparse| sparse.values.iter().chain(&sparse.indices));
        graph.initializer.iter().chain(sparse)
    });
    let attributes = nodes.iter().flat_map(|node| &node.attribute);
    let in_nodes = attributes.flat_map(|attribute| {
        let sparse = attribute.sparse_tensor.iter().chain(&attribute.sparse_tensors);
        let parts = sparse.flat_map(|sparse| sparse.values.iter().chain(&sparse.indices));
        attribute.t.iter().chain(&attribute.tensors).chain(parts)
    });
    in_graphs.chain(in_nodes).collect()
}

fn inner_graphs(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs))
}

/// Who makes and who takes each value of one graph.
pub(super) struct Wiring<'a> {
    producers: HashMap<&'a str, &'a NodeProto>,
    consumers: HashMap<&'a str, Vec<&'a NodeProto>>,
    constants: HashMap<&'a str, &'a TensorProto>,
}

impl<'a> Wiring<'a> {
    pub(super) fn of(graph: &'a GraphProto) -> Self {
        let mut wiring =
            Self { producers: HashMap::new(), consumers: HashMap::new(), constants: HashMap::new() };
        wiring.constants.extend(graph.initializer.iter().map(|tensor| (tensor.name(), tensor)));
        for node in &graph.node {
            for name in node.output.iter().filter(|name| !name.is_empty()) {
                wiring.producers.insert(name, node);
                if let Some(tensor) = constant_value(node) {
                    wiring.constants.insert(name, tensor);
                }
            }
            for name in node.input.iter().filter(|name| !name.is_empty()) {
                wiring.consumers.entry(name).or_default().push(node);
            }
        }
        wiring
    }

    /// The node that makes the value.
    pub(super) fn producer(&self, name: &str) -> Option<&'a NodeProto> {
        self.producers.get(name).copied()
    }

    /// The nodes that take the value.
    pub(super) fn consumers(&self, name: &str) -> &[&'a NodeProto] {
        self.consumers.get(name).map_or(&[], Vec::as_slice)
    }

    /// The tensor behind the name, when it is an initializer or comes from a Constant node.
    pub(super) fn constant(&self, name: &str) -> Option<&'a TensorProto> {
        self.constants.get(name).copied()
    }

    /// Walks from a value towards the inputs through nodes that `passes` lets through, and returns
    /// the first value that none of them makes.
    pub(super) fn source<'n>(&self, name: &'n str, passes: impl Fn(&NodeProto) -> bool) -> Option<&'n str>
    where
        'a: 'n,
    {
        let mut name = name;
        for _ in 0..LONGEST_CHAIN {
            match self.producer(name).filter(|node| passes(node)) {
                Some(node) => name = input(node, 0)?,
                None => return Some(name),
            }
        }
        None
    }

    /// The node that makes the [`Self::source`] of a value.
    pub(super) fn origin(&self, name: &str, passes: impl Fn(&NodeProto) -> bool) -> Option<&'a NodeProto> {
        self.producer(self.source(name, passes)?)
    }

    /// Walks from a value towards the outputs, while each value has takers that `passes` lets
    /// through, and returns the first taker that it does not.
    pub(super) fn destination(
        &self,
        name: &str,
        passes: impl Fn(&NodeProto) -> bool,
    ) -> Option<&'a NodeProto> {
        let mut name = name;
        for _ in 0..LONGEST_CHAIN {
            let node = *self.consumers(name).first()?;
            if !passes(node) {
                return Some(node);
            }
            name = node.output.first()?;
        }
        None
    }
}

fn constant_value(node: &NodeProto) -> Option<&TensorProto> {
    (node.op_type() == "Constant").then(|| attribute(node, "value")?.t.as_ref()).flatten()
}

/// Values that are counts and positions and no pixels or scores: shapes, stored 64-bit integers, and
/// what is computed from those alone.
pub(super) fn positions<'a>(graph: &'a GraphProto, wiring: &Wiring) -> HashSet<&'a str> {
    let mut found = HashSet::new();
    // Nodes are in the order of their running, so that one pass is enough.
    for node in &graph.node {
        let stored =
            |name: &str| wiring.constant(name).is_some_and(|tensor| tensor.element() == DataType::I64);
        let inputs = node.input.iter().map(String::as_str).filter(|name| !name.is_empty());
        let inputs: Vec<&str> = inputs.collect();
        let makes_others = ["Cast", "ConstantOfShape"].contains(&node.op_type());
        let computed = !inputs.is_empty() && inputs.iter().all(|name| found.contains(name) || stored(name));
        if ["Shape", "Size"].contains(&node.op_type()) || (computed && !makes_others) {
            found.extend(node.output.iter().map(String::as_str));
        }
    }
    found
}
