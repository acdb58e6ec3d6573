"""Keras to ONNX by tf2onnx: channels last, dynamic batch, metadata included."""

from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import onnx

from . import onnx_graph

OPSET = 17


def export(model: keras.Model, path: Path, metadata: dict[str, str], output: str = "probabilities"):
    """Writes `model`, whose one input is called `image`; its one output is called `output`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Keras exports no model that was never called, as one is that was trained in an earlier run.
    model(np.zeros((1, *model.input_shape[1:]), np.float32))
    with TemporaryDirectory() as folder:
        exported = Path(folder) / "model.onnx"
        model.export(str(exported), format="onnx", opset_version=OPSET, verbose=False)
        proto = onnx.load(exported)
    _call(proto.graph, proto.graph.input[0].name, "image")
    _call(proto.graph, proto.graph.output[0].name, output)
    for port in (*proto.graph.input, *proto.graph.output):
        port.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx_graph.fix_reshapes(proto)
    onnx_graph.finish(proto, path, metadata)


def _call(graph: onnx.GraphProto, old: str, new: str):
    """Gives a tensor another name wherever it stands."""
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]
    for port in (*graph.input, *graph.output):
        if port.name == old:
            port.name = new
