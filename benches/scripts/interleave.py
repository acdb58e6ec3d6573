"""Races bench's latency path against Python onnxruntime's io-binding loop on one model file.

    python3 benches/scripts/interleave.py [MODEL] [--rounds 100] [--block-ms 50]

Both sides load the model once and stay; then each round asks both for one block of back-to-back
runs, in turn, the order swapped every round, on one core where the system lets us choose. The ratio
is the median of the rounds' ratios. Needs Python 3.10 or later with pip; builds what it runs and
keeps a virtual environment with the pinned onnxruntime in the target folder. Both sides use the
ONNX Runtime of that package: bench its shared library, Python the copy inside its own module.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from pinned import ONNXRUNTIME, ROOT, python_with, release_build

REQUIREMENTS = [f"onnxruntime=={ONNXRUNTIME}", "numpy==2.3.5"]


class Side:
    """A process that measures a block for each line that it is given."""

    def __init__(self, name, command, environment):
        self.name = name
        self.medians = []
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([str(word) for word in command], env=environment, **pipes)
        said = self.answer().split()
        if said[:2] != ["ready", ONNXRUNTIME]:
            sys.exit(f"{name} answers {said}, not that it is ready with onnxruntime {ONNXRUNTIME}")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended early")
        return line

    def block(self):
        print(file=self.process.stdin, flush=True)
        self.medians.append(float(self.answer()))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = ROOT / "models/fashion-mnist/mobilenetv2.fp32.onnx"
    parser.add_argument("model", nargs="?", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--block-ms", type=float, default=50)
    return parser.parse_args()


def library_of(python):
    """The library inside the package, for the Rust side to load; none on systems without one."""
    where = "import onnxruntime; print(onnxruntime.__path__[0])"
    said = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True)
    names = {"Windows": "onnxruntime.dll", "Darwin": f"libonnxruntime.{ONNXRUNTIME}.dylib"}
    name = names.get(platform.system(), f"libonnxruntime.so.{ONNXRUNTIME}")
    library = Path(said.stdout.strip()) / "capi" / name
    return library if library.exists() else None


def pin():
    """One core for both sides: their blocks come in turn, and no move between cores disturbs."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def race(python, rust, rounds):
    for number in range(rounds):
        for side in (python, rust) if number % 2 else (rust, python):
            side.block()


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle / 1e3:9.2f} us   (half of the rounds: {low / 1e3:.2f} to {high / 1e3:.2f})"


def tell(python, rust, rounds):
    ratios = [ours / theirs for ours, theirs in zip(rust.medians, python.medians)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    print(f"medians of {rounds} interleaved rounds, onnxruntime {ONNXRUNTIME}, one thread, batch 1")
    for side in (python, rust):
        print(f"  {side.name:<18}{quartiles(side.medians)}")
    print(f"  ratio             {ratio:9.4f}      (half of the rounds: {low:.4f} to {high:.4f})")


def main():
    chosen = arguments()
    if not chosen.model.is_file():
        sys.exit(f"there is no model {chosen.model}")
    interpreter = python_with("interleave", REQUIREMENTS)
    example = release_build("example", "latency_blocks")
    environment = dict(os.environ)
    if library := library_of(interpreter):
        environment["ORT_DYLIB_PATH"] = str(library)
    pin()
    script = Path(__file__).with_name("python_loop.py")
    words = [chosen.model.resolve(), chosen.block_ms]
    python = Side("Python io-binding", [interpreter, script, *words], environment)
    rust = Side("bench latency path", [example, *words], environment)
    race(python, rust, chosen.rounds)
    tell(python, rust, chosen.rounds)
    python.end()
    rust.end()


if __name__ == "__main__":
    main()
