"""Transfer from a pretrained MobileNetV2: heads on frozen features first, then its upper blocks too.

The base is cut in two. What lies below the cut is never trained, so its features are computed once
for every view of every image and kept on disk; an epoch then costs what lies above.
"""

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import base_weights, features, keras_mobilenetv2
from .images import shifted
from .options import Options

SAMPLED = 64
"""Images that cached features know their data by."""

Pixels = Callable[[int, int], torch.Tensor]
"""Base inputs `[last - first, 3, S, S]` f32 in [-1, 1] of one view of images `first .. last`."""


class Base:
    """A pretrained MobileNetV2: `lower` stays as it is, `upper` ends in 1280 pooled features."""

    def __init__(self, options: Options, cut: int):
        weights = base_weights.weights(options.base, options.work.parent / "base")
        self.name = f"{Path(options.base).name} {base_weights.digest(weights)}" if weights else "none"
        torch.manual_seed(options.seed)
        network = keras_mobilenetv2.features()
        if weights:
            keras_mobilenetv2.load(network, weights)
        self.identity = f"{self.name}, seed {options.seed}, cut {cut}"
        self.lower = network[:cut]
        self.upper = nn.Sequential(*network[cut:], nn.AdaptiveAvgPool2d(1), nn.Flatten())


@dataclass(frozen=True)
class Views:
    """The views of the images: the first as they are, the others as training may see them."""

    pixels: tuple[Pixels, ...]
    count: int
    identity: str
    """Names how the pixels are made; what they are made of is told by some of them."""

    def sample(self) -> str:
        """A digest of some images as they are."""
        state = hashlib.sha256()
        for image in np.unique(np.linspace(0, self.count - 1, min(SAMPLED, self.count)).astype(int)).tolist():
            state.update(self.pixels[0](image, image + 1).contiguous().numpy().tobytes())
        return state.hexdigest()[:12]


@dataclass(frozen=True)
class Cached:
    """Features of all views at the cut, and pooled above the untrained upper part."""

    middle: tuple[np.ndarray, ...]
    pooled: tuple[np.ndarray, ...]


def cached(base: Base, views: Views, work: Path) -> Cached:
    """Computes what is not on disk yet."""
    middle, pooled = [], []
    sample = views.sample()
    for number, pixels in enumerate(views.pixels):
        identity = f"{views.identity}, pixels {sample}, view {number}, base {base.identity}"
        at_cut = features.extract(base.lower, pixels, views.count, work / f"view{number}.middle.npy", identity)
        above = features.extract(
            base.upper, _reader(at_cut), views.count, work / f"view{number}.pooled.npy", identity
        )  # fmt: skip
        middle.append(at_cut)
        pooled.append(above)
    return Cached(tuple(middle), tuple(pooled))


class FeatureExamples:
    """Cached features of some rows as training examples; an augmented one is any of the views, shifted."""

    def __init__(self, views: tuple[np.ndarray, ...], rows: np.ndarray, labels: np.ndarray, shift: int = 0):
        self.views, self.rows, self.shift = views, rows, shift
        self.labels = torch.from_numpy(labels[rows].astype(np.int64))

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, rows: torch.Tensor, augment: bool) -> torch.Tensor:
        """As `train.Examples` wants it."""
        images = self.rows[rows.numpy()]
        if not augment:
            return torch.from_numpy(self.views[0][images].astype(np.float32))
        choice = torch.randint(0, len(self.views), (len(images),)).tolist()
        chosen = np.stack([self.views[view][image] for view, image in zip(choice, images)])
        batch = torch.from_numpy(chosen.astype(np.float32))
        return shifted(batch, self.shift) if self.shift else batch


def whole(base: Base, upper: nn.Module, head: nn.Module, *around: nn.Module, before: nn.Module | None = None):
    """The model to export: `before`, the lower part, `upper`, `head`, and what comes after it."""
    first = [before] if before else []
    return nn.Sequential(*first, *base.lower, *upper, *head, *around)


def tunable(base: Base, head: nn.Module) -> nn.Sequential:
    """Copies of the upper part and a trained head, to be trained together."""
    return nn.Sequential(copy.deepcopy(base.upper), copy.deepcopy(head))


def _reader(array: np.ndarray) -> features.Source:
    return lambda first, last: torch.from_numpy(array[first:last].astype(np.float32))
