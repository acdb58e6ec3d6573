"""PyTorch to ONNX: one file, dynamic batch, metadata included."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

OPSET = 17


def export(model: nn.Module, shape: tuple[int, ...], path: Path, metadata: dict[str, str], output: str = "logits"):
    """Write `model` for inputs `[batch, *shape]`; batch norm and padding are folded into the convolutions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    model = model.eval().to("cpu", memory_format=torch.contiguous_format)
    with warnings.catch_warnings():
        # The TorchScript exporter is deprecated but writes what every runtime reads:
        # GlobalAveragePool and Flatten instead of ReduceMean and Reshape.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, torch.zeros(1, *shape), path, dynamo=False, opset_version=OPSET,
            input_names=["image"], output_names=[output],
            dynamic_axes={"image": {0: "batch"}, output: {0: "batch"}},
        )  # fmt: skip
    proto = onnx.load(path)
    fold_pads(proto.graph)
    finish(proto, path, metadata)


def finish(proto: onnx.ModelProto, path: Path, metadata: dict[str, str]):
    """Adds `metadata`, checks the model and writes it."""
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto)
    onnx.save(proto, path)


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
