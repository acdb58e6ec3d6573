"""Reader for the IDX files of MNIST and Fashion-MNIST."""

import gzip
from pathlib import Path

import numpy as np

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


class DataMissing(Exception):
    """The data folder does not hold what the recipe needs."""


def load(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images `[N, 28, 28]` u8 and labels `[N]` u8 of one split."""
    images, labels = (_read(folder, name) for name in FILES[split])
    if len(images) != len(labels):
        raise DataMissing(f"{folder}: {len(images)} images but {len(labels)} labels in {split}")
    return images, labels


def _read(folder: Path, name: str) -> np.ndarray:
    for path, opener in ((folder / f"{name}.gz", gzip.open), (folder / name, open)):
        if path.is_file():
            with opener(path, "rb") as file:
                return _parse(file.read(), path)
    raise DataMissing(
        f"{folder} has neither {name}.gz nor {name}; on Debian install the package "
        "dataset-fashion-mnist, elsewhere see models/recipes/README.md"
    )


def _parse(raw: bytes, path: Path) -> np.ndarray:
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", count=rank, offset=4)
    pixels = np.frombuffer(raw, np.uint8, offset=4 + 4 * rank)
    if raw[:3] != b"\0\0\x08" or pixels.size != int(shape.prod()):
        raise DataMissing(f"{path} is not an IDX file of bytes, or it is cut short")
    return pixels.reshape(shape)
