"""Small data sets in the exact formats of the real ones."""

import io
import json
import pickle
from pathlib import Path

import numpy as np
from PIL import Image


def pictures(count: int, classes: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """`[count, 32, 32, 3]` noise around a colour for each class, and the classes in turn."""
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    colours = np.random.default_rng(99).integers(40, 215, (classes, 3))
    noise = draw.normal(0, 30, (count, 32, 32, 3))
    return (colours[labels][:, None, None] + noise).clip(0, 255).astype(np.uint8), labels


def cifar10_binary(folder: Path, count: int = 100):
    """Five training batches of `count` and a test batch, as in `cifar-10-binary.tar.gz`."""
    place = folder / "cifar-10-batches-bin"
    place.mkdir(parents=True)
    for number, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        images, labels = pictures(count, 10, seed=number)
        records = np.concatenate([labels[:, None].astype(np.uint8), _planes(images)], axis=1)
        (place / f"{name}.bin").write_bytes(records.tobytes())
    (place / "batches.meta.txt").write_text("".join(f"class{n}\n" for n in range(10)) + "\n")


def cifar100_binary(folder: Path, train: int = 400, test: int = 200):
    """As in `cifar-100-binary.tar.gz`: a coarse label, a fine one, then the pixels."""
    place = folder / "cifar-100-binary"
    place.mkdir(parents=True)
    for name, count in (("train", train), ("test", test)):
        images, labels = pictures(count, 100, seed=count)
        coarse = (labels // 5).astype(np.uint8)
        records = np.concatenate([coarse[:, None], labels[:, None].astype(np.uint8), _planes(images)], axis=1)
        (place / f"{name}.bin").write_bytes(records.tobytes())
    (place / "fine_label_names.txt").write_text("".join(f"fine{n:02}\n" for n in range(100)))
    (place / "coarse_label_names.txt").write_text("".join(f"coarse{n:02}\n" for n in range(20)))


def cifar100_python(folder: Path, train: int = 400, test: int = 200):
    """As in `cifar-100-python.tar.gz`: dictionaries with keys of bytes, as Python 2 wrote them."""
    place = folder / "cifar-100-python"
    place.mkdir(parents=True)
    for name, count in (("train", train), ("test", test)):
        images, labels = pictures(count, 100, seed=count)
        content = {
            b"data": _planes(images), b"fine_labels": labels.tolist(), b"coarse_labels": (labels // 5).tolist(),
            b"filenames": [b"%s_%06d.png" % (name.encode(), n) for n in range(count)],
            b"batch_label": b"training batch 1 of 1",
        }  # fmt: skip
        (place / name).write_bytes(pickle.dumps(content, 2))
    meta = {
        b"fine_label_names": [b"fine%02d" % n for n in range(100)],
        b"coarse_label_names": [b"coarse%02d" % n for n in range(20)],
    }
    (place / "meta").write_bytes(pickle.dumps(meta, 2))


def cifar10_parquet(folder: Path, train: int = 400, test: int = 200):
    """As the library `datasets` writes it: structs of bytes and path, class names in the metadata."""
    _parquet(folder, {"train": train, "test": test}, {"label": 10})


def cifar100_parquet(folder: Path, train: int = 400, test: int = 200):
    """The same with fine and coarse labels."""
    _parquet(folder, {"train": train, "test": test}, {"fine_label": 100, "coarse_label": 20})


def _parquet(folder: Path, splits: dict[str, int], kinds: dict[str, int]):
    import pyarrow
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    features = {"img": {"_type": "Image"}}
    for label, classes in kinds.items():
        features[label] = {"names": [f"class{n}" for n in range(classes)], "_type": "ClassLabel"}
    for split, count in splits.items():
        images, labels = pictures(count, max(kinds.values()), seed=count)
        cells = [{"bytes": _encoded(image), "path": f"{n}.png"} for n, image in enumerate(images)]
        columns = {label: (labels % classes).astype(np.int64) for label, classes in kinds.items()}
        table = pyarrow.table({"img": cells, **columns})
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        parquet.write_table(table.replace_schema_metadata(metadata), folder / f"{split}.parquet")


def photographs(folder: Path, each: int = 60):
    """Cats that are dark and dogs that are bright, in pictures of several sizes."""
    draw = np.random.default_rng(3)
    for name, level in (("cats", 90), ("dogs", 160)):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            height, width = draw.integers(120, 240, 2)
            pixels = draw.normal(level, 30, (height, width, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{name[:-1]}.{number}.jpg")


def idx(folder: Path, train: int = 300, test: int = 100):
    """Four files as of Fashion-MNIST, not packed."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", train), ("t10k", test)):
        images, labels = pictures(count, 10, seed=count)
        grey = images[:, :28, :28, 0]
        header = b"\0\0\x08\x03" + np.array([count, 28, 28], ">u4").tobytes()
        (folder / f"{split}-images-idx3-ubyte").write_bytes(header + np.ascontiguousarray(grey).tobytes())
        header = b"\0\0\x08\x01" + np.array([count], ">u4").tobytes()
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(header + labels.astype(np.uint8).tobytes())


def _planes(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1)


def _encoded(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
