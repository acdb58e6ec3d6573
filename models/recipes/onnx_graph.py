"""What exporters leave in a graph and runtimes would rather not see."""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator


def finish(proto: onnx.ModelProto, path: Path, metadata: dict[str, str]):
    """Adds `metadata`, checks the model and writes it."""
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto)
    onnx.save(proto, path)


def fix_reshapes(proto: onnx.ModelProto):
    """Gives each Reshape whose shape is computed from the batch a constant one, `[-1, ...]`.

    tf2onnx writes Flatten so, and tract takes no shape that is computed.
    """
    graph = proto.graph
    known = _constants(graph)
    # What the exporter noted says less than what follows from the graph.
    del graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(proto, data_prop=True).graph
    lengths = {value.name: _lengths(value) for value in inferred.value_info}
    for node in graph.node:
        shape = lengths.get(node.output[0], [])
        if node.op_type == "Reshape" and node.input[1] not in known and shape[:1] == [None] and all(shape[1:]):
            name = f"{node.output[0]}_shape"
            graph.initializer.append(numpy_helper.from_array(np.array([-1, *shape[1:]], np.int64), name))
            node.input[1] = name
    _drop_unread(graph)


def _lengths(value: onnx.ValueInfoProto) -> list[int | None]:
    """Length of each axis; None where it is open."""
    return [axis.dim_value or None for axis in value.type.tensor_type.shape.dim]


def fold_pads(graph: onnx.GraphProto):
    """Moves zero padding of height and width from a Pad into the Conv after it, which has an attribute for that."""
    constants = _constants(graph)
    readers = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for pad in [node for node in graph.node if node.op_type == "Pad"]:
        following = readers.get(pad.output[0], [])
        amounts = _amounts(pad, constants)
        if amounts is not None and len(following) == 1 and following[0].op_type == "Conv":
            _into_convolution(following[0], amounts)
            following[0].input[0] = pad.input[0]
            graph.node.remove(pad)
    _drop_unread(graph)


def _amounts(pad: onnx.NodeProto, constants: dict[str, np.ndarray]) -> np.ndarray | None:
    """Top, left, bottom, right; None where the Pad does something else."""
    pads = constants.get(pad.input[1])
    value = constants.get(pad.input[2]) if len(pad.input) > 2 and pad.input[2] else np.zeros(1)
    mode = next((attribute.s for attribute in pad.attribute if attribute.name == "mode"), b"constant")
    if pads is None or value is None or pads.size != 8 or value.any() or mode != b"constant":
        return None
    return None if pads[[0, 1, 4, 5]].any() else pads[[2, 3, 6, 7]]


def _into_convolution(convolution: onnx.NodeProto, amounts: np.ndarray):
    found = [attribute for attribute in convolution.attribute if attribute.name == "pads"]
    total = amounts + (np.array(found[0].ints) if found else 0)
    for attribute in found:
        convolution.attribute.remove(attribute)
    convolution.attribute.append(onnx.helper.make_attribute("pads", [int(amount) for amount in total]))


# What the exporter computes the amounts of padding with, from constants.
_AMOUNT_OPERATORS = {"Cast", "Concat", "ConstantOfShape", "Reshape", "Slice", "Transpose"}


def _constants(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    """What is known before any run: initializers, constants, and what is computed from those alone."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type in _AMOUNT_OPERATORS and all(name in found for name in node.input):
            inputs = {name: found[name] for name in node.input}
            (found[node.output[0]],) = ReferenceEvaluator(node).run(None, inputs)
    return found


def _drop_unread(graph: onnx.GraphProto):
    """Removes what nothing reads: nodes from the last to the first, then initializers."""
    read = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if read.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            read.update(node.input)
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in read]:
        graph.initializer.remove(tensor)
