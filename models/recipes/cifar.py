"""Reader for CIFAR-10 and CIFAR-100 as their authors publish them: binary files, or pickles for Python."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import DataMissing

PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Kind:
    """How one of the two data sets names its files and lays out a record."""

    name: str
    label_bytes: int
    """Before the pixels of a binary record; the last of them is the class."""
    binary: dict[str, tuple[str, ...]]
    pickled: dict[str, tuple[str, ...]]
    label_key: str
    binary_names: str
    pickled_names: tuple[str, str]
    """File and key of the class names."""
    folders: tuple[str, ...]
    """What the archives unpack to."""
    classes: int


CIFAR10 = Kind(
    "CIFAR-10", 1,
    {"train": tuple(f"data_batch_{n}.bin" for n in range(1, 6)), "test": ("test_batch.bin",)},
    {"train": tuple(f"data_batch_{n}" for n in range(1, 6)), "test": ("test_batch",)},
    "labels", "batches.meta.txt", ("batches.meta", "label_names"),
    ("cifar-10-batches-bin", "cifar-10-batches-py"), 10,
)  # fmt: skip
CIFAR100 = Kind(
    "CIFAR-100", 2,
    {"train": ("train.bin",), "test": ("test.bin",)}, {"train": ("train",), "test": ("test",)},
    "fine_labels", "fine_label_names.txt", ("meta", "fine_label_names"),
    ("cifar-100-binary", "cifar-100-python"), 100,
)  # fmt: skip


@dataclass(frozen=True)
class Labelled:
    """Images `[N, 32, 32, 3]` u8, RGB, their classes `[N]`, and the names of the classes."""

    images: np.ndarray
    labels: np.ndarray
    names: list[str]


def load(folder: Path, kind: Kind, split: str) -> Labelled:
    """All images of `split`, in the order of the files."""
    for place in (folder, *(folder / name for name in kind.folders)):
        if (place / kind.binary[split][0]).is_file():
            return _checked(_binary(place, kind, split), kind, place)
        if (place / kind.pickled[split][0]).is_file():
            return _checked(_pickled(place, kind, split), kind, place)
    raise DataMissing(
        f"{folder} holds no {kind.name}: neither {kind.binary[split][0]} nor {kind.pickled[split][0]}, "
        "there or in the folder that the archive unpacks to"
    )


def _binary(folder: Path, kind: Kind, split: str) -> Labelled:
    records = np.concatenate([_records(folder / name, kind) for name in kind.binary[split]])
    names = _existing(folder / kind.binary_names).read_text().split()
    return Labelled(_images(records[:, kind.label_bytes :]), records[:, kind.label_bytes - 1].astype(np.int64), names)


def _records(path: Path, kind: Kind) -> np.ndarray:
    raw = np.fromfile(_existing(path), np.uint8)
    length = kind.label_bytes + PIXELS
    if raw.size == 0 or raw.size % length:
        raise DataMissing(f"{path}: {raw.size} bytes are no whole number of records of {length}")
    return raw.reshape(-1, length)


def _pickled(folder: Path, kind: Kind, split: str) -> Labelled:
    batches = [_unpickled(folder / name) for name in kind.pickled[split]]
    try:
        pixels = np.concatenate([np.asarray(batch["data"], np.uint8).reshape(-1, PIXELS) for batch in batches])
        labels = np.concatenate([np.asarray(batch[kind.label_key], np.int64) for batch in batches])
        file, key = kind.pickled_names
        names = [_text(name) for name in _unpickled(folder / file)[key]]
    except (KeyError, ValueError) as error:
        raise DataMissing(f"{folder}: not what {kind.name} for Python holds: {error}") from error
    return Labelled(_images(pixels), labels, names)


class _Plain(pickle.Unpickler):
    """Dictionaries, lists, numbers, text and NumPy arrays; nothing that could run a program."""

    ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"),
    }  # fmt: skip

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _unpickled(path: Path) -> dict:
    with _existing(path).open("rb") as file:
        try:
            content = _Plain(file, encoding="bytes").load()
        except (pickle.UnpicklingError, EOFError, ValueError) as error:
            raise DataMissing(f"{path} is no pickle of arrays: {error}") from error
    if not isinstance(content, dict):
        raise DataMissing(f"{path} holds no dictionary")
    return {_text(key): value for key, value in content.items()}


def _text(name) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _images(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise DataMissing(f"{path} is missing")
    return path


def _checked(found: Labelled, kind: Kind, folder: Path) -> Labelled:
    if len(found.images) != len(found.labels):
        raise DataMissing(f"{folder}: {len(found.images)} images but {len(found.labels)} labels")
    if len(found.names) != kind.classes:
        raise DataMissing(f"{folder}: {len(found.names)} class names; {kind.name} has {kind.classes}")
    if found.labels.min() < 0 or found.labels.max() >= kind.classes:
        raise DataMissing(f"{folder}: a label of {found.labels.max()}; {kind.name} has {kind.classes} classes")
    return found
