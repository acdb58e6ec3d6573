"""PyTorch to ONNX: one file, dynamic batch, metadata included."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

OPSET = 17


def export(model: nn.Module, shape: tuple[int, int, int], path: Path, metadata: dict[str, str]):
    """Write `model` for inputs `[batch, *shape]`; batch norm is folded into the convolutions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    model = model.eval().to(memory_format=torch.contiguous_format)
    with warnings.catch_warnings():
        # The TorchScript exporter is deprecated but writes what every runtime reads:
        # GlobalAveragePool and Flatten instead of ReduceMean and Reshape.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, torch.zeros(1, *shape), path, dynamo=False, opset_version=OPSET,
            input_names=["image"], output_names=["logits"],
            dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
        )  # fmt: skip
    proto = onnx.load(path)
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto)
    onnx.save(proto, path)
