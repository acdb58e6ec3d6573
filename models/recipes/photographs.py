"""Reader for a folder of class folders with photographs, and what training does to one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .errors import DataMissing

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


@dataclass(frozen=True)
class Photographs:
    """Files below `root`; `ids` are their paths as `bench` names them, labels count the class folders."""

    root: Path
    ids: list[str]
    labels: np.ndarray
    names: list[str]

    def rows(self, rows: np.ndarray) -> "Photographs":
        """Only these."""
        return Photographs(self.root, [self.ids[row] for row in rows], self.labels[rows], self.names)


def find(root: Path, classes: int | None = None) -> Photographs:
    """Every picture below `root`, whose folders are classes in the byte order of their names."""
    if not root.is_dir():
        raise DataMissing(f"{root} is no folder; --data names one with a folder of pictures for each class")
    names = sorted((path.name for path in root.iterdir() if path.is_dir() and path.name[0] != "."), key=str.encode)
    if len(names) < 2 or (classes and len(names) != classes):
        wanted = classes or "two or more"
        raise DataMissing(
            f"{root} holds {len(names)} class folders ({', '.join(names[:5]) or 'none'}); wanted: {wanted}"
        )
    files = [_pictures(root / name) for name in names]
    ids = [f"{name}/{file}" for name, group in zip(names, files) for file in group]
    labels = np.repeat(np.arange(len(names)), [len(group) for group in files])
    return Photographs(root, ids, labels, names)


def plain(path: Path, size: int) -> np.ndarray:
    """`[size, size, 3]` u8, stretched bilinearly: what `bench` does to an image by default."""
    return np.asarray(_opened(path).resize((size, size), Image.Resampling.BILINEAR))


def varied(path: Path, size: int, draw: np.random.Generator) -> np.ndarray:
    """The same of a random part of at least two thirds of each side, mirrored every other time."""
    image = _opened(path)
    width, height = (side * draw.uniform(2 / 3, 1) for side in image.size)
    left, top = draw.uniform(0, image.width - width), draw.uniform(0, image.height - height)
    box = (left, top, left + width, top + height)
    pixels = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=box))
    return pixels[:, ::-1] if draw.random() < 0.5 else pixels


def _pictures(folder: Path) -> list[str]:
    found = sorted(
        (path.name for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.name[0] != "."),
        key=str.encode,
    )
    if not found:
        raise DataMissing(f"{folder} holds no picture ({', '.join(sorted(ENDINGS))})")
    return found


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path).convert("RGB")
    except OSError as error:
        raise DataMissing(f"{path} cannot be decoded: {error}") from error
