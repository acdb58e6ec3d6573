"""Frozen features, computed once and kept on disk: training above them costs a fraction then."""

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import torch
from torch import nn

from . import onnx_export

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
    run = None
    begun = time.monotonic()
    array = np.load(path, mmap_mode="r+") if done else None
    for first in range(done, count, CHUNK):
        last = min(first + CHUNK, count)
        batch = inputs(first, last)
        run = run or _runner(network, tuple(batch.shape[1:]))
        result = run(batch).astype(np.float16)
        if array is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            array = np.lib.format.open_memmap(path, "w+", np.float16, (count, *result.shape[1:]))
        array[first:last] = result
        if last == count or (first // CHUNK) % 32 == 31:
            array.flush()
            _note(path, identity, count, last)
            print(f"{path.name}  {last} of {count}  {time.monotonic() - begun:.0f} s", flush=True)
    return np.load(path, mmap_mode="r")


def _runner(network: nn.Module, shape: tuple[int, ...]) -> Callable[[torch.Tensor], np.ndarray]:
    """Runs `network` on a GPU; without one in ONNX Runtime, which takes a third of PyTorch's time."""
    if torch.cuda.is_available():
        network = copy.deepcopy(network).eval().to("cuda")
        return lambda batch: _on_gpu(network, batch)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "frozen.onnx"
        onnx_export.export(network, shape, path, {})
        session = onnxruntime.InferenceSession(path, options)
    return lambda batch: session.run(None, {"image": batch.contiguous().numpy()})[0]


def _on_gpu(network: nn.Module, batch: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        return network(batch.to("cuda")).cpu().numpy()


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
