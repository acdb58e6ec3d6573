"""Reader for image data sets in Parquet, as the library `datasets` of Hugging Face writes them."""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from .cifar import Labelled
from .errors import DataMissing

LABELS = ("label", "fine_label")


def shards(folder: Path, split: str) -> list[Path]:
    """The files of `split` in or below `folder`, in the order of their names."""
    found = {path for pattern in (f"{split}.parquet", f"{split}-*.parquet") for path in folder.rglob(pattern)}
    return sorted(found)


def load(files: list[Path], classes: int) -> Labelled:
    """Every row of small images of one size, decoded as RGB."""
    import pyarrow

    try:
        tables = [_read(path) for path in files]
    except pyarrow.ArrowException as error:
        raise DataMissing(f"{files[0].parent}: {error}") from error
    encoded = [raw for table, _ in tables for raw in table["images"]]
    labels = np.concatenate([table["labels"] for table, _ in tables])
    names = tables[0][1] or [str(number) for number in range(classes)]
    if len(names) != classes or labels.min() < 0 or labels.max() >= classes:
        raise DataMissing(f"{files[0]}: {len(names)} class names, labels up to {labels.max()}; {classes} are wanted")
    return Labelled(np.stack([_decoded(raw, files[0]) for raw in encoded]), labels, names)


def _read(path: Path) -> tuple[dict, list[str] | None]:
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    schema = file.schema_arrow
    image = next((name for name in ("img", "image") if name in schema.names), None)
    label = next((name for name in LABELS if name in schema.names), None)
    if image is None or label is None:
        raise DataMissing(
            f"{path}: columns {', '.join(schema.names)}; wanted are img or image, and label or fine_label"
        )
    table = file.read(columns=[image, label])
    rows = {
        "images": [cell["bytes"] for cell in table[image].to_pylist()],
        "labels": table[label].to_numpy().astype(np.int64),
    }
    return rows, _names(schema.metadata, label)


def _names(metadata: dict | None, label: str) -> list[str] | None:
    raw = (metadata or {}).get(b"huggingface")
    features = json.loads(raw)["info"]["features"] if raw else {}
    return features.get(label, {}).get("names")


def _decoded(raw: bytes, path: Path) -> np.ndarray:
    try:
        return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"))
    except OSError as error:
        raise DataMissing(f"{path}: an image cannot be decoded: {error}") from error
