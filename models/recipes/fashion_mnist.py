"""The flagship: MobileNetV2 on Fashion-MNIST, fp32 and int8."""

import numpy as np
import torch

from . import card, facts, idx, onnx_export, onnx_quantize
from .images import Images
from .mobilenetv2 import MobileNetV2
from .options import Options
from .train import Cycle, Schedule, train

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


def mobilenetv2(options: Options):
    """Trains on all but the last 2,000 training images, which show the progress and choose nothing."""
    images, labels = idx.load(options.data, "train")
    images, labels = images[: options.limit], labels[: options.limit]
    pixels, truth = normalise(images), torch.from_numpy(labels.astype(np.int64))
    count = len(images) - min(HELD_OUT, len(images) // 10)
    torch.manual_seed(options.seed)
    trained = train(
        MobileNetV2(classes=10, channels=1, width=0.5),
        Images(pixels[:count], truth[:count]), Images(pixels[count:], truth[count:]),
        Schedule(CYCLES).sized(options.epochs, options.seed), options.work,
    )  # fmt: skip
    made = facts.making("fashion-mnist-mobilenetv2", options, "none", count, trained.epochs, trained.seconds)
    fp32, int8 = (options.out / f"mobilenetv2.{variant}.onnx" for variant in ("fp32", "int8"))
    onnx_export.export(trained.model, (1, 28, 28), fp32, facts.usage(idx.FASHION_MNIST, PREPROCESS) | made)
    onnx_quantize.static(fp32, int8, onnx_quantize.drawn(pixels.numpy(), CALIBRATION_IMAGES, options.seed))
    print(f"trained in {trained.seconds:.0f} s; wrote {fp32} and {int8}")


def normalise(images: np.ndarray) -> torch.Tensor:
    """`[N, 28, 28]` bytes to `[N, 1, 28, 28]` f32 as the exported model wants them."""
    scaled = (images.astype(np.float32) / 255 - np.float32(MEAN)) / np.float32(STD)
    return torch.from_numpy(scaled[:, None])


PREPROCESS = f'channels = "grey"\nscale = "unit"\nmean = [{MEAN:.4f}]\nstd = [{STD:.4f}]\n'

SYSTEMS = {
    "fashion-mnist-mobilenetv2": card.System(
        title="MobileNetV2 on Fashion-MNIST",
        network="MobileNetV2 (Sandler et al. 2018) of width 0.5, with a stem of stride 1 since the images are small.",
        preprocessing="grey 28x28, divided by 255, less 0.2860, divided by 0.3530",
        data="Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, MIT licence): 58,000 of the 60,000 training images for "
        "training, 2,000 to follow the progress, and the 10,000 test images for the figures.",
        headline="none; the flagship of this project",
        licence="The weights are under MIT or Apache-2.0, as `bench` itself; the data they were trained on is under "
        "MIT.",
    )
}
