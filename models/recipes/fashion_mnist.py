"""The flagship: MobileNetV2 on Fashion-MNIST, fp32 and int8."""

from pathlib import Path

import numpy as np
import torch

from . import idx, onnx_export, onnx_quantize
from .mobilenetv2 import MobileNetV2
from .train import Cycle, Schedule, train

CLASSES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
MEAN, STD = 0.2860, 0.3530
HELD_OUT = 2_000
CALIBRATION_IMAGES = 512
# A hot cycle under strong decay to explore, two cooler ones under little decay to fit, and a short
# one on the images as they are, since that is how the model will see them.
CYCLES = (
    Cycle(epochs=24, peak=0.2, decay=5e-4),
    Cycle(epochs=20, peak=0.04, decay=5e-5),
    Cycle(epochs=14, peak=0.05, decay=5e-5),
    Cycle(epochs=4, peak=0.01, decay=5e-5, augment=False),
)
DEFAULT_DATA = Path("/usr/share/datasets/fashion-mnist")


def mobilenetv2(data: Path, out: Path, work: Path, seed: int, epochs: int | None, limit: int | None):
    """MobileNetV2, width 0.5, stem stride 1, 62 epochs in four cycles: about an hour on two cores."""
    images, labels = idx.load(data, "train")
    images, labels = images[:limit], labels[:limit]
    pixels = normalise(images)
    held_out = min(HELD_OUT, len(images) // 10)
    cycles = (Cycle(epochs, peak=0.2, decay=5e-4),) if epochs else CYCLES
    schedule = Schedule(cycles=cycles, seed=seed)
    model, seconds = train(
        MobileNetV2(classes=10, channels=1, width=0.5),
        pixels, torch.from_numpy(labels.astype(np.int64)), held_out, schedule, work,
    )  # fmt: skip
    fp32 = out / "mobilenetv2.fp32.onnx"
    onnx_export.export(model, (1, 28, 28), fp32, metadata())
    chosen = np.random.default_rng(seed).choice(len(images), min(CALIBRATION_IMAGES, len(images)), replace=False)
    int8 = out / "mobilenetv2.int8.onnx"
    onnx_quantize.static_qdq(fp32, int8, pixels.numpy()[np.sort(chosen)])
    print(f"trained in {seconds:.0f} s; wrote {fp32} and {int8}")


def normalise(images: np.ndarray) -> torch.Tensor:
    """`[N, 28, 28]` bytes to `[N, 1, 28, 28]` f32 as the exported model wants them."""
    scaled = (images.astype(np.float32) / 255 - np.float32(MEAN)) / np.float32(STD)
    return torch.from_numpy(scaled[:, None])


def metadata() -> dict[str, str]:
    """What the exported files carry, so that `bench` needs no settings for them."""
    return {
        "bench.classes": "\n".join(CLASSES),
        "bench.preprocess": f'channels = "grey"\nscale = "unit"\nmean = [{MEAN:.4f}]\nstd = [{STD:.4f}]\n',
    }
