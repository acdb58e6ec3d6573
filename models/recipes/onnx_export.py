"""PyTorch to ONNX: one file, dynamic batch, metadata included."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from . import onnx_graph

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
    onnx_graph.fold_pads(proto.graph)
    onnx_graph.finish(proto, path, metadata)
