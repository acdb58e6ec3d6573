"""Races bench's accuracy pass against what people write in Python, on JPEG files.

    python3 benches/scripts/accuracy_race.py --photographs FOLDER --cifar10 FILE.parquet [--rounds 5] [--width 1.0]

FOLDER has one folder of photographs a class; FILE is CIFAR-10 as Hugging Face stores it, whose
JPEG files are laid out as an image folder first. The models are MobileNetV2 for 96x96, with random
weights (which are as fast as trained ones), in fp32 and int8. In each round every side does the
whole job once, in an order that changes: bench without its cache of pixels, the plain loop, a
DataLoader with two workers, and bench when its cache is full. Times are those of whole processes,
and for Python also without the interpreter's start and the imports, over bench's whole process all
the same. Ratios are by round. Needs
Python 3.10 or later with pip; builds what it runs and keeps pinned packages in the target folder.
"""

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pinned import ONNXRUNTIME, ROOT, TARGET, python_with, release_build

REQUIREMENTS = [
    f"onnxruntime=={ONNXRUNTIME}", "numpy==2.4.6", "onnx==1.23.2", "pillow==13.0.0", "pyarrow==26.0.1", "torch==2.15.0",
]  # fmt: skip
SIDE = 96
HERE = Path(__file__).parent
DESK = TARGET / "accuracy-race"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=Path, help="a folder with one folder of JPEG files a class")
    parser.add_argument("--cifar10", type=Path, help="a Parquet file with JPEG bytes in img.bytes and a label")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--width", type=float, default=1.0, help="of MobileNetV2: 0.35 to 1.4 in the paper")
    parser.add_argument("--python", type=Path, help="an interpreter that has the packages already")
    chosen = parser.parse_args()
    if not (chosen.photographs or chosen.cifar10):
        parser.error("give --photographs, --cifar10 or both")
    return chosen


@dataclass(frozen=True)
class Seconds:
    """Of the whole process, and of the part that a program does again for the next model."""

    whole: float
    inside: float


class Python:
    """The loop of accuracy_loop.py, by the clock and by its own."""

    def __init__(self, name, python, workers):
        self.name, self.python, self.workers = name, python, workers

    def seconds(self, model, folder):
        words = [HERE / "accuracy_loop.py", model, folder, SIDE, DESK / f"{self.name}.npy", "--workers", self.workers]
        begun = perf_counter()
        inside = float(said([self.python, *words]).split()[0])
        return Seconds(perf_counter() - begun, inside)


class Bench:
    """`bench run --accuracy-only`, the whole process."""

    def __init__(self, name, program, cache):
        self.name, self.program, self.cache = name, program, cache

    def seconds(self, model, folder):
        words = ["run", model, "--accuracy-only", "--runtime", "ort", "--data", folder, "--cache-size", self.cache]
        out = ["--out", DESK / self.name / "run.json"]
        # bench overwrites no record.
        shutil.rmtree(DESK / self.name, ignore_errors=True)
        (DESK / self.name).mkdir()
        begun = perf_counter()
        said([self.program, *words, *out])
        whole = perf_counter() - begun
        return Seconds(whole, whole)


def said(words):
    environment = {**os.environ, "BENCH_CACHE_DIR": str(DESK / "cache")}
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{words[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def models(python, classes, width):
    """The fp32 and the int8 file for so many classes, made once."""
    files = [DESK / f"mobilenetv2-{width}-{classes}.{variant}.onnx" for variant in ("fp32", "int8")]
    if not all(file.exists() for file in files):
        said([python, HERE / "accuracy_models.py", classes, SIDE, width, *files])
    return files


def laid_out(python, table):
    """CIFAR-10's JPEG files as an image folder, made once."""
    folder = DESK / "cifar10"
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        said([python, HERE / "image_folder.py", table, partial])
        partial.rename(folder)
    return folder


def agreement(python, sides):
    """How far the sides' answers lie apart: that they do the same work."""
    return said([python, HERE / "accuracy_agreement.py", *(answers(side) for side in sides)]).strip()


def answers(side):
    if isinstance(side, Python):
        return DESK / f"{side.name}.npy"
    return DESK / side.name / "run.predictions.parquet"


def race(sides, model, folder, rounds):
    """Seconds by side, one of each round."""
    orders = itertools.cycle(itertools.permutations(sides))
    for side in sides:
        side.seconds(model, folder)
    seconds = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in next(orders):
            seconds[side.name].append(side.seconds(model, folder))
    return seconds


def tell(title, seconds, ours):
    """Medians, and the ratios to `ours`: of whole processes, then without start and imports."""
    print(f"\n{title}")
    for name, each in seconds.items():
        median = statistics.median(time.whole for time in each)
        whole = over([time.whole for time in each], seconds[ours])
        inside = over([time.inside for time in each], seconds[ours])
        ratios = "" if name == ours else f"{whole} x {ours}, {inside} without start and imports"
        print(f"  {name:<12}{median:8.2f} s  {ratios}", flush=True)


def over(theirs, ours):
    """Median and range of the ratios by round."""
    ratios = [each / own.whole for each, own in zip(theirs, ours)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main():
    chosen = arguments()
    DESK.mkdir(parents=True, exist_ok=True)
    python = chosen.python or python_with("accuracy-race", REQUIREMENTS)
    bench = release_build("bin", "bench")
    sides = [
        Bench("bench", bench, "0"), Python("loop", python, 0), Python("dataloader", python, 2),
        Bench("cached", bench, "4GiB"),
    ]  # fmt: skip
    data = []
    if chosen.photographs:
        data.append(("photographs", chosen.photographs.resolve()))
    if chosen.cifar10:
        data.append(("CIFAR-10", laid_out(python, chosen.cifar10.resolve())))
    print(f"medians of {chosen.rounds} interleaved rounds, onnxruntime {ONNXRUNTIME}, {os.cpu_count()} cores")
    for name, folder in data:
        classes = sum(entry.is_dir() for entry in folder.iterdir())
        for model in models(python, classes, chosen.width):
            seconds = race(sides, model, folder, chosen.rounds)
            tell(f"{name}, width {chosen.width}, {model.stem.split('.')[-1]}", seconds, "bench")
            print(f"  {agreement(python, sides)}", flush=True)


if __name__ == "__main__":
    main()
