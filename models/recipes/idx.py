"""Reader for the IDX files of MNIST and Fashion-MNIST."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from .errors import DataMissing

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
FASHION_MNIST = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
"""The classes, which the files do not name."""


def load(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images `[N, 28, 28]` u8 and labels `[N]` u8 of one split."""
    images, labels = (_read(folder, name) for name in FILES[split])
    if len(images) != len(labels):
        raise DataMissing(f"{folder}: {len(images)} images but {len(labels)} labels in {split}")
    return images, labels


def _read(folder: Path, name: str) -> np.ndarray:
    for path, opener in ((folder / f"{name}.gz", gzip.open), (folder / name, open)):
        if path.is_file():
            return _parse(_content(path, opener), path)
    raise DataMissing(
        f"{folder} has neither {name}.gz nor {name}; on Debian install the package "
        "dataset-fashion-mnist, elsewhere see models/recipes/README.md"
    )


def _content(path: Path, opener) -> bytes:
    try:
        with opener(path, "rb") as file:
            return file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DataMissing(f"{path} cannot be read: {error}") from error


def _parse(raw: bytes, path: Path) -> np.ndarray:
    rank = raw[3] if raw[:3] == b"\0\0\x08" and len(raw) > 3 else 0
    body = 4 + 4 * rank
    if rank and len(raw) >= body:
        shape = np.frombuffer(raw, ">u4", count=rank, offset=4)
        if len(raw) - body == int(shape.prod(dtype=np.int64)):
            return np.frombuffer(raw, np.uint8, offset=body).reshape(shape)
    raise DataMissing(f"{path} is not an IDX file of bytes, or it is cut short")
