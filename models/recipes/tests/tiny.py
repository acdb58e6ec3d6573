"""Every recipe from end to end in a tiny form: trained, exported, quantized, evaluated by `bench`, described.

    cd models
    python -m recipes.tests.tiny --bench ../target/release/bench [RECIPE…]

Data are made, in the exact formats of the real ones. A recipe whose packages are not installed is passed
over and named; at least one must run.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from ..catalogue import RECIPES
from . import made

MODELS = Path(__file__).resolve().parents[2]
FRAMEWORK = {"requirements.txt": ("torch",), "requirements-keras.txt": ("tensorflow", "tf2onnx")}


@dataclass(frozen=True)
class Tiny:
    """Data for one recipe, how many images to train on, and what `bench` has to be told."""

    make: Callable[[Path], None]
    limit: int
    told: tuple[str, ...] = ()
    trains: bool = True


TINY = {
    "fashion-mnist-mobilenetv2": Tiny(made.idx, 300),
    "fashion-mnist-depthwise-small": Tiny(made.idx, 300),
    "fashion-mnist-schemes": Tiny(made.idx, 64, trains=False),
    "cats-dogs": Tiny(made.photographs, 60, ("--list", "{out}/holdout.txt")),
    "cifar10": Tiny(made.cifar10_parquet, 300, ("--split", "test")),
    "cifar100": Tiny(made.cifar100_python, 400, ("--split", "test")),
    "classes51": Tiny(lambda folder: None, 51 * 25, ("--split", "test")),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m recipes.tests.tiny", description=__doc__)
    parser.add_argument("names", nargs="*", help="recipes; default: all")
    parser.add_argument("--bench", type=Path, required=True, help="the program")
    parser.add_argument("--font", type=Path, help="for classes51")
    parser.add_argument("--base", default="none", help="as of the recipes; none needs no network")
    parser.add_argument("--keep", type=Path, help="a folder for everything that is made")
    args = parser.parse_args()
    names = args.names or list(TINY)
    able = [name for name in names if all(map(find_spec, FRAMEWORK[RECIPES[name].requirements]))]
    for name in sorted(set(names) - set(able)):
        print(f"{name}: passed over, {RECIPES[name].requirements} is not installed")
    with TemporaryDirectory() as temporary:
        for name in able:
            _through(name, (args.keep or Path(temporary)) / name, args)
    print(f"{len(able)} passed, {0 if able else 1} failed, {len(names) - len(able)} skipped")
    return 0 if able else 1


def _through(name: str, folder: Path, args: argparse.Namespace):
    begun, tiny, out = time.monotonic(), TINY[name], folder / "out"
    data = folder / "data"
    if not data.exists():
        tiny.make(data)
    recipe = [sys.executable, "-m", "recipes", name, "--out", out]
    font = ["--font", args.font] if args.font else []
    training = [*recipe, "--data", data, "--work", folder / "work", "--limit", tiny.limit, "--epochs", 1,
                "--base", args.base, *font]  # fmt: skip
    _ran(training)
    again = _ran(training)
    if tiny.trains and "continuing after epoch 1" not in again:
        sys.exit(f"{name}: started again, it did not continue:\n{again}")
    _distinct(name, out)
    report = folder / "report.json"
    told = [word.format(out=out) for word in tiny.told]
    models = sorted(out.glob("*.onnx"))
    quickly = ["--runtime", "ort", "--time", 0.1, "-q"]
    _ran([args.bench.resolve(), "compare", *models, "--data", data, *told, *quickly, "--json", report])
    _complete(name, report, models)
    if tiny.trains:
        _described(name, [*recipe, "--card", report], out)
    print(f"{name}: {len(models)} models, {time.monotonic() - begun:.0f} s", flush=True)


def _distinct(name: str, out: Path):
    """No two files are the same: a way to quantize that changes nothing is not what its name says."""
    contents = [path.read_bytes() for path in sorted(out.glob("*.onnx"))]
    if len(set(contents)) < len(contents):
        sys.exit(f"{name}: two of its files are the same")


def _described(name: str, command: list, out: Path):
    _ran(command)
    if not (out / RECIPES[name].card).is_file():
        sys.exit(f"{name}: no card")


def _complete(name: str, report: Path, models: list[Path]):
    """Every model that the recipe promises was evaluated."""
    promised = {file for file in RECIPES[name].gives if file.endswith(".onnx")}
    if {path.name for path in models} != promised:
        sys.exit(f"{name}: gave {[path.name for path in models]}, not {sorted(promised)}")
    for column in json.loads(report.read_text())["columns"]:
        if column["outcome"]["kind"] != "completed" or not column["evaluation"]["images"]:
            sys.exit(f"{name}: {column['label']} was not evaluated: {column['outcome']}")


def _ran(command: list) -> str:
    done = subprocess.run([str(word) for word in command], cwd=MODELS, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
