"""Post-training quantization with ONNX Runtime's own tool."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)  # fmt: skip
from onnxruntime.quantization.calibrate import create_calibrator, save_tensors_data
from onnxruntime.quantization.shape_inference import quant_pre_process

KEPT_FLOAT = ("Softmax", "Sigmoid")
"""In 8 bits a probability would be a multiple of 1/256, and the log loss of a sure mistake infinite."""

ENTROPY_BINS = 512
"""Of the histogram of a tensor, from which the 128 levels that lose least are looked for."""


@dataclass(frozen=True)
class Scheme:
    """How to quantize; as it is, the scheme that x86 runs fast: U8 activations, S8 weights per channel."""

    activations: QuantType = QuantType.QUInt8
    per_channel: bool = True
    calibration: CalibrationMethod = CalibrationMethod.MinMax


class _Batches(CalibrationDataReader):
    def __init__(self, name: str, images: np.ndarray, size: int = 32):
        self._batches = ({name: images[i : i + size]} for i in range(0, len(images), size))

    def get_next(self):
        return next(self._batches, None)


def static(fp32: Path, int8: Path, images: np.ndarray, scheme: Scheme = Scheme()):
    """Writes `int8` in QDQ form.

    `images` are calibration images as the model takes them, f32, preprocessed as for inference.
    """
    int8.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        prepared = _prepared(fp32, Path(folder))
        graph = onnx.load(prepared).graph
        batches = _Batches(graph.input[0].name, images)
        entropy = scheme.calibration == CalibrationMethod.Entropy
        quantize_static(
            prepared, int8, None if entropy else batches, quant_format=QuantFormat.QDQ,
            per_channel=scheme.per_channel, activation_type=scheme.activations, weight_type=QuantType.QInt8,
            calibrate_method=scheme.calibration,
            calibration_cache_path=_entropy_ranges(prepared, batches) if entropy else None,
            nodes_to_exclude=[node.name for node in graph.node if node.op_type in KEPT_FLOAT],
        )  # fmt: skip
    _hand_on_metadata(fp32, int8)


def _entropy_ranges(model: Path, batches: _Batches) -> Path:
    """A file of ranges beside `model`.

    The tool hands on no number of bins, and with the 128 that it has by itself for 128 levels there is no
    range to choose but the whole one, which is MinMax.
    """
    calibrator = create_calibrator(
        model, augmented_model_path=str(model.with_suffix(".augmented.onnx")),
        calibrate_method=CalibrationMethod.Entropy, extra_options={"num_bins": ENTROPY_BINS},
    )  # fmt: skip
    calibrator.collect_data(batches)
    ranges = model.with_suffix(".ranges.json")
    save_tensors_data(calibrator.compute_data(), ranges)
    return ranges


def dynamic(fp32: Path, int8: Path):
    """Writes `int8` with U8 weights and activations that are scaled by the range each run finds them in."""
    int8.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        # ConvInteger takes U8 weights several times faster than S8 ones on x86.
        quantize_dynamic(_prepared(fp32, Path(folder)), int8, weight_type=QuantType.QUInt8)
    _hand_on_metadata(fp32, int8)


def _prepared(fp32: Path, folder: Path) -> Path:
    """A copy with shapes inferred and batch norm folded, which the tool asks for."""
    prepared = folder / "prepared.onnx"
    quant_pre_process(fp32, prepared)
    return prepared


def _hand_on_metadata(fp32: Path, int8: Path):
    source, target = onnx.load(fp32), onnx.load(int8)
    onnx.helper.set_model_props(target, {p.key: p.value for p in source.metadata_props})
    onnx.save(target, int8)


def drawn(images: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` of the images, or all there are."""
    return images[rows(len(images), count, seed)]


def rows(total: int, count: int, seed: int) -> np.ndarray:
    """Which `count` of `total` images to calibrate with, ascending."""
    return np.sort(np.random.default_rng(seed).choice(total, min(count, total), replace=False))
