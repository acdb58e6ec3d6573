"""Frozen features, computed once and kept on disk: training above them costs a fraction then."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

CHUNK = 64
"""Images in one run of the frozen network."""

Source = Callable[[int, int], torch.Tensor]
"""Inputs of the frozen network for images `first .. last`, `[last - first, C, H, W]` f32."""


def extract(network: nn.Module, inputs: Source, count: int, path: Path, identity: str) -> np.ndarray:
    """`[count, ...]` f16, what `network` makes of all inputs, read from `path` as needed.

    Continued where it was interrupted; made anew when `identity`, which names everything that the
    features depend on, is another.
    """
    done = _done(path, identity, count)
    if done == count:
        return np.load(path, mmap_mode="r")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = network.eval().to(device, memory_format=torch.channels_last)
    begun = time.monotonic()
    array = np.load(path, mmap_mode="r+") if done else None
    for first in range(done, count, CHUNK):
        last = min(first + CHUNK, count)
        with torch.inference_mode():
            result = network(_placed(inputs(first, last), device)).cpu().numpy().astype(np.float16)
        if array is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            array = np.lib.format.open_memmap(path, "w+", np.float16, (count, *result.shape[1:]))
        array[first:last] = result
        if last == count or (first // CHUNK) % 32 == 31:
            array.flush()
            _note(path, identity, count, last)
            print(f"{path.name}  {last} of {count}  {time.monotonic() - begun:.0f} s", flush=True)
    network.to("cpu")
    return np.load(path, mmap_mode="r")


def _placed(batch: torch.Tensor, device: str) -> torch.Tensor:
    return batch.to(device, memory_format=torch.channels_last) if batch.ndim == 4 else batch.to(device)


def _record(path: Path) -> Path:
    return path.with_suffix(".json")


def _done(path: Path, identity: str, count: int) -> int:
    if not path.is_file() or not _record(path).is_file():
        return 0
    record = json.loads(_record(path).read_text())
    return record["done"] if (record["identity"], record["count"]) == (identity, count) else 0


def _note(path: Path, identity: str, count: int, done: int):
    partial = _record(path).with_suffix(".part")
    partial.write_text(json.dumps({"identity": identity, "count": count, "done": done}))
    partial.replace(_record(path))
