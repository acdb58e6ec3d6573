"""The training loop for Keras: one cosine of rates, resumable after each epoch."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from .errors import RecipeError


@dataclass(frozen=True)
class Schedule:
    """How to train. Everything random follows from `seed` and the number of the epoch."""

    epochs: int
    peak: float
    decay: float
    batch: int = 128
    shift: int = 2
    plain: int = 0
    """The last epochs, in which images are seen as they are."""
    seed: int = 7


def train(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, held_out: int, schedule: Schedule, work: Path
) -> float:  # fmt: skip
    """Trains on all but the last `held_out` images, which show the progress and choose nothing.

    `images` is `[N, H, W, C]` f32, `labels` `[N]`. Returns the seconds spent. A checkpoint is written
    to `work` after each epoch and continued from when it is there.
    """
    count = len(images) - held_out
    steps = count // schedule.batch
    if steps == 0:
        raise RecipeError(f"{count} images are too few to train on: a batch is {schedule.batch}")
    total = schedule.epochs * steps
    rate = keras.optimizers.schedules.CosineDecay(
        schedule.peak / 25, total - total // 5, warmup_target=schedule.peak, warmup_steps=max(1, total // 5)
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=schedule.decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    settings = f"{schedule} on {count} images, {_sample(images, labels)}"
    done, spent = _resume(model, optimizer, settings, work)
    for epoch in range(done, schedule.epochs):
        begun = time.monotonic()
        draw = np.random.default_rng([schedule.seed, epoch])
        rows = draw.permutation(count)[: steps * schedule.batch]
        batch = images[rows]
        if epoch < schedule.epochs - schedule.plain:
            batch = varied(batch, schedule.shift, draw)
        told = model.fit(batch, labels[rows], schedule.batch, epochs=1, shuffle=False, verbose=0)
        spent += time.monotonic() - begun
        loss, accuracy = (
            model.evaluate(images[count:], labels[count:], 500, verbose=0) if held_out else (np.nan, np.nan)
        )
        print(
            f"epoch {epoch + 1}  loss {told.history['loss'][0]:.4f}  validation loss {loss:.4f}  "
            f"accuracy {accuracy:.2%}  {spent:.0f} s",
            flush=True,
        )
        _save(model, optimizer, settings, epoch + 1, spent, work)
    return spent


def _sample(images: np.ndarray, labels: np.ndarray) -> str:
    """A digest of all labels and some images: other data are told by it."""
    state = hashlib.sha256(np.ascontiguousarray(labels).tobytes())
    state.update(np.ascontiguousarray(images[:: max(1, len(images) // 64)]).tobytes())
    return state.hexdigest()[:12]


def varied(images: np.ndarray, shift: int, draw: np.random.Generator) -> np.ndarray:
    """Half of the images mirrored, each moved by up to `shift` places, edges repeated."""
    n, height, width, _ = images.shape
    mirrored = np.where(draw.random((n, 1, 1, 1)) < 0.5, images[:, :, ::-1], images)
    padded = np.pad(mirrored, ((0, 0), (shift, shift), (shift, shift), (0, 0)), "edge")
    down, right = draw.integers(0, 2 * shift + 1, (2, n))
    rows = (down[:, None] + np.arange(height))[:, :, None]
    columns = (right[:, None] + np.arange(width))[:, None, :]
    return padded[np.arange(n)[:, None, None], rows, columns]


def _state(model: keras.Model, optimizer) -> list:
    """Everything that the next epoch depends on: weights, statistics, the state of dropout, moments, the step."""
    return [*model.weights, *_seeds(model), *optimizer.variables]


def _seeds(model: keras.Model) -> list:
    return [layer.seed_generator.state for layer in model.layers if hasattr(layer, "seed_generator")]


def _save(model, optimizer, settings: str, epoch: int, spent: float, work: Path):
    work.mkdir(parents=True, exist_ok=True)
    arrays = {f"variable{number}": variable.numpy() for number, variable in enumerate(_state(model, optimizer))}
    with (work / "checkpoint.new").open("wb") as file:
        np.savez(file, settings=settings, epoch=epoch, spent=spent, **arrays)
    (work / "checkpoint.new").replace(work / "checkpoint.npz")


def _resume(model, optimizer, settings: str, work: Path) -> tuple[int, float]:
    path = work / "checkpoint.npz"
    if not path.is_file():
        return 0, 0.0
    with np.load(path) as saved:
        if str(saved["settings"]) != settings:
            raise RecipeError(
                f"{path} belongs to a run with other settings ({saved['settings']}); give another --work, or remove it"
            )
        for number, variable in enumerate(_state(model, optimizer)):
            variable.assign(saved[f"variable{number}"])
        epoch, spent = int(saved["epoch"]), float(saved["spent"])
    print(f"continuing after epoch {epoch} from {path}", flush=True)
    return epoch, spent
