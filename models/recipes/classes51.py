"""51 symbols at 180x180, rendered by the recipe itself: transfer from a pretrained MobileNetV2."""

import numpy as np
import torch
from torch import nn

from . import card, facts, onnx_export, onnx_quantize, photographs, symbols, transfer
from .errors import RecipeError
from .images import Images
from .options import Options
from .train import Cycle, Schedule, Trained, train

IMAGES = 61_000
CUT = 11
"""Trained from block_10 on, at 12x12."""
BATCH = 32
CALIBRATION_IMAGES = 256
PREPROCESS = 'channels = "rgb"\nscale = "signed"\n'
HEAD = Schedule(cycles=(Cycle(epochs=6, peak=1e-3, decay=1e-2),), batch=BATCH, optimizer="adamw")
FINE = Schedule(cycles=(Cycle(epochs=3, peak=3e-4, decay=1e-2),), batch=BATCH, optimizer="adamw")

PIXELS = 45
"""Side of the images that the linear classifier of `check_pixels` sees: enough to know the symbols by eye."""
MOST_FROM_PIXELS = 0.70


def classes51(options: Options):
    """A head on the frozen base, then its upper blocks too; the test part is left for `bench`."""
    # First, since a base that cannot be had is told before 61,000 images are rendered.
    base = transfer.Base(options, CUT)
    numbers = _rendered(options)
    parts = {split: [n for n in numbers if symbols.place(n)[0] == split] for split in ("train", "val")}
    images = parts["train"] + parts["val"]
    labels = np.array([symbols.place(number)[1] for number in images])
    kept, validation = np.split(np.arange(len(images)), [len(parts["train"])])
    cache = transfer.cached(base, _views(options, images), options.work / "features")

    def stage(model: nn.Module, views, schedule: Schedule, name: str) -> Trained:
        examples = [transfer.FeatureExamples(views, rows, labels) for rows in (kept, validation)]
        print(f"{name}: {len(examples[0])} images, {len(examples[1])} for validation", flush=True)
        return train(model, *examples, schedule.sized(options.epochs, options.seed), options.work / name)

    torch.manual_seed(options.seed)
    head = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, len(symbols.NAMES)))
    first = stage(head, cache.pooled, HEAD, "head")
    second = stage(transfer.tunable(base, first.model), cache.middle, FINE, "fine-tuned")
    made = facts.making(
        "classes51", options, base.name, len(kept), first.epochs + second.epochs, first.seconds + second.seconds
    )
    _write(transfer.whole(base, *second.model), options, parts["train"], made)


def check_pixels(options: Options):
    """Renders, fits a linear classifier to small copies of the images, and refuses a set that it masters."""
    numbers = _rendered(options)
    parts = {split: [n for n in numbers if symbols.place(n)[0] == split] for split in ("train", "test")}
    examples = [Images(_small(options, part), _labels(part)) for part in parts.values()]
    schedule = Schedule((Cycle(options.epochs or 12, 1e-3, 1e-2, augment=False),), optimizer="adamw", seed=options.seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * PIXELS * PIXELS, len(symbols.NAMES)))
    accuracy = train(model, *examples, schedule, options.work / "pixels").accuracy
    print(f"a linear classifier on {PIXELS}x{PIXELS} pixels reaches {accuracy:.2%} on {len(examples[1])} test images")
    if accuracy >= MOST_FROM_PIXELS:
        raise RecipeError(f"that is no less than {MOST_FROM_PIXELS:.0%}: the images are too easy")


def _rendered(options: Options) -> range:
    count = options.limit or IMAGES
    if count < len(symbols.NAMES) * len(symbols.SPLIT):
        least = len(symbols.NAMES) * len(symbols.SPLIT)
        raise RecipeError(f"--limit {count}: {least} images are the least with every class in every part")
    symbols.render(options.data, count, options.seed, options.font, options.jobs)
    return range(count)


def _views(options: Options, images: list[int]) -> transfer.Views:
    identity = f"classes51 {len(images)} images at {symbols.SIZE}, seed {options.seed}"
    return transfer.Views((lambda first, last: _signed(options, images[first:last]),), len(images), identity)


def _signed(options: Options, images: list[int]) -> torch.Tensor:
    pixels = [photographs.plain(symbols.path(options.data, number), symbols.SIZE) for number in images]
    return torch.from_numpy(np.stack(pixels).astype(np.float32) / np.float32(127.5) - 1).permute(0, 3, 1, 2)


def _small(options: Options, images: list[int]) -> torch.Tensor:
    pixels = [photographs.plain(symbols.path(options.data, number), PIXELS) for number in images]
    return torch.from_numpy(np.stack(pixels).astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2).contiguous()


def _labels(images: list[int]) -> torch.Tensor:
    return torch.tensor([symbols.place(number)[1] for number in images])


def _write(model: nn.Module, options: Options, training: list[int], made: dict[str, str]):
    fp32, int8 = options.out / "fp32.onnx", options.out / "int8.onnx"
    metadata = facts.usage(list(symbols.NAMES), PREPROCESS) | made
    onnx_export.export(model, (3, symbols.SIZE, symbols.SIZE), fp32, metadata)
    rows = onnx_quantize.rows(len(training), CALIBRATION_IMAGES, options.seed)
    images = _signed(options, [training[row] for row in rows])
    onnx_quantize.static(fp32, int8, np.ascontiguousarray(images.numpy()))
    print(f"wrote {fp32} and {int8}")


SYSTEMS = {
    "classes51": card.System(
        title="51 classes",
        network="MobileNetV2 of width 1.0 at 180x180, global average pooling, dropout, a dense head of 51; first the "
        "head on the frozen base, then blocks 10 to 16 with it.",
        preprocessing="RGB 180x180 as it is, divided by 127.5, less 1",
        data="61,000 images of 180x180 that the recipe renders: 51 symbols of the Noto colour emoji font (SIL Open "
        "Font License) at random position, scale, rotation and perspective, on random backgrounds, under other "
        "light, partly covered, blurred, noisy, as JPEG. 80 % for training, 16 % to follow the progress, 4 % for the "
        "figures.",
        headline="macro F1 above 97 % (another set of 51 classes, 4 hours on a GTX 1060)",
        licence="The weights are under MIT or Apache-2.0, as `bench` itself; the base they started from is under MIT, "
        "the font under the SIL Open Font License.",
    )
}
