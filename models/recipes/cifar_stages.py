"""CIFAR-10 and CIFAR-100 at 96x96 in four stages: three heads on a frozen base, then fine-tuning."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from . import card, cifar, facts, onnx_export, onnx_quantize, parquet, splits, transfer
from .cifar import CIFAR10, CIFAR100, Kind, Labelled
from .errors import DataMissing
from .options import Options
from .train import Cycle, Schedule, Trained, train

SIZE = 96
CUT = 5
"""Trained from block_4 on, at 12x12."""
VALIDATION = 0.04
CALIBRATION_IMAGES = 512
PREPROCESS = f'channels = "rgb"\nresize = [{SIZE}, {SIZE}]\nfilter = "bilinear"\nscale = "signed"\n'


@dataclass(frozen=True)
class Stage:
    """A head on the frozen features and how it is trained."""

    name: str
    head: Callable[[int], nn.Sequential]
    schedule: Schedule


def _schedule(epochs: int, peak: float, augment: bool) -> Schedule:
    cycles = (Cycle(epochs=epochs, peak=peak, decay=1e-2, augment=augment),)
    return Schedule(cycles=cycles, batch=128, optimizer="adamw")


def _baseline(classes: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(1280, classes))


def _extended(classes: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(1280, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, classes))


def _enhanced(classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(0.2), nn.Linear(1280, 256), nn.ReLU(), nn.Dropout(0.4), nn.Linear(256, classes)
    )  # fmt: skip


STAGES = (
    Stage("1-baseline", _baseline, _schedule(6, 1e-3, augment=False)),
    Stage("2-extended", _extended, _schedule(8, 1e-3, augment=False)),
    Stage("3-enhanced", _enhanced, _schedule(10, 1e-3, augment=True)),
)
FINE_TUNED = "4-fine-tuned"
FINE = _schedule(5, 5e-4, augment=True)


def cifar10(options: Options):
    """CIFAR-10."""
    _stages("cifar10", CIFAR10, options)


def cifar100(options: Options):
    """CIFAR-100, fine labels."""
    _stages("cifar100", CIFAR100, options)


def read(folder: Path, kind: Kind, split: str) -> Labelled:
    """The images of `split` in whichever format `folder` has them."""
    files = parquet.shards(folder, split) if folder.is_dir() else []
    if files:
        return parquet.load(files, kind.classes)
    try:
        return cifar.load(folder, kind, split)
    except DataMissing as missing:
        raise DataMissing(f"{missing}; nor {split}.parquet or {split}-*.parquet") from missing


def _stages(recipe: str, kind: Kind, options: Options):
    found = read(options.data, kind, "train")
    rows = splits.limited(found.labels, options.limit, options.seed)
    found = Labelled(found.images[rows], found.labels[rows], found.names)
    kept, validation = splits.stratified(found.labels, VALIDATION, options.seed)
    base = transfer.Base(options, CUT)
    cache = transfer.cached(base, _views(found, recipe, options.seed), options.work / "features")
    run = _Run(recipe, found, (kept, validation), base, cache, options)
    for stage in STAGES:
        frozen = run.trained(run.head(stage), cache.pooled, stage.schedule, stage.name)
        run.export(stage.name, base.upper, frozen.model, frozen)
    model = transfer.tunable(base, frozen.model)
    tuned = run.trained(model, cache.middle, FINE, FINE_TUNED, shift=1)
    run.quantize(run.export(FINE_TUNED, *tuned.model, tuned))


@dataclass(frozen=True)
class _Run:
    recipe: str
    found: Labelled
    rows: tuple[np.ndarray, np.ndarray]
    base: transfer.Base
    cache: transfer.Cached
    options: Options

    def head(self, stage: Stage) -> nn.Sequential:
        torch.manual_seed(self.options.seed)
        return stage.head(len(self.found.names))

    def trained(self, model: nn.Module, views, schedule: Schedule, name: str, shift: int = 0) -> Trained:
        examples = [transfer.FeatureExamples(views, part, self.found.labels, shift) for part in self.rows]
        print(f"{name}: {len(examples[0])} images, {len(examples[1])} for validation", flush=True)
        schedule = schedule.sized(self.options.epochs, self.options.seed)
        return train(model, *examples, schedule, self.options.work / name)

    def export(self, name: str, upper: nn.Module, head: nn.Module, trained: Trained) -> Path:
        path = self.options.out / f"{name}.fp32.onnx"
        made = facts.making(
            self.recipe, self.options, self.base.name, len(self.rows[0]), trained.epochs, trained.seconds
        )
        model = transfer.whole(self.base, upper, head)
        onnx_export.export(model, (3, SIZE, SIZE), path, facts.usage(self.found.names, PREPROCESS) | made)
        print(f"wrote {path}", flush=True)
        return path

    def quantize(self, fp32: Path):
        rows = onnx_quantize.rows(len(self.found.images), CALIBRATION_IMAGES, self.options.seed)
        images = np.ascontiguousarray(signed(self.found.images[rows]).numpy())
        int8 = fp32.with_name(fp32.name.replace("fp32", "int8"))
        onnx_quantize.static(fp32, int8, images)
        print(f"wrote {int8}", flush=True)


def _views(found: Labelled, recipe: str, seed: int) -> transfer.Views:
    """The images as they are, and mirrored."""
    identity = f"{recipe} {len(found.images)} images at {SIZE}, seed {seed}"
    return transfer.Views(
        (
            lambda first, last: signed(found.images[first:last]),
            lambda first, last: signed(found.images[first:last]).flip(3),
        ),
        len(found.images),
        identity,
    )


def signed(images: np.ndarray) -> torch.Tensor:
    """`[N, 32, 32, 3]` bytes to `[N, 3, 96, 96]` f32 in [-1, 1], resized as `bench` does (Pillow's bilinear)."""
    resized = [np.asarray(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BILINEAR)) for image in images]
    pixels = np.stack(resized).astype(np.float32) / np.float32(127.5) - 1
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


_NETWORK = (
    "MobileNetV2 of width 1.0 at 96x96 with global average pooling and four heads: (1) dense; (2) dense 128 with "
    "dropout; (3) dense 256 with more dropout, on mirrored images too; (4) the third with blocks 4 to 16 fine-tuned "
    "at a low rate. The base is frozen in the first three."
)
_PREPROCESSING = "RGB, stretched from 32x32 to 96x96 bilinearly (Pillow), divided by 127.5, less 1"

SYSTEMS = {
    "cifar10": card.System(
        title="CIFAR-10 in four stages",
        network=_NETWORK,
        preprocessing=_PREPROCESSING,
        data="CIFAR-10 (Krizhevsky 2009) in a lossy JPEG copy, 48,000 training images to train on and 2,000 to follow "
        "the progress; the figures are of the 10,000 test images of the same kind. Accuracy on the original images "
        "is another figure.",
        headline="about 70, 75, 78 and 82 % in the four stages",
        licence="The weights are under MIT or Apache-2.0, as `bench` itself; the base they started from is under MIT. "
        "CIFAR-10 states no licence.",
    ),
    "cifar100": card.System(
        title="CIFAR-100 in four stages",
        network=_NETWORK,
        preprocessing=_PREPROCESSING,
        data="CIFAR-100 (Krizhevsky 2009), fine labels: 48,000 training images to train on, 2,000 to follow the "
        "progress, 10,000 test images for the figures.",
        headline="none",
        licence="The weights are under MIT or Apache-2.0, as `bench` itself; the base they started from is under MIT.",
    ),
}
