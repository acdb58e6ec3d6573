"""Where the scripts beside this one find what they measure: pinned Python packages and release builds."""

import json
import os
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
ONNXRUNTIME = "1.31.1"


def python_with(name, requirements):
    """The interpreter of the virtual environment `name` in the target folder, with these packages."""
    folder = TARGET / f"{name}-venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "requirements.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != requirements:
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        stamp.write_text(json.dumps(requirements))
    return python


def release_build(kind, name):
    """The program `name`, an `example` or a `bin` of this package, built now."""
    build = ["cargo", "build", "--locked", "--release", f"--{kind}", name]
    subprocess.run(build, cwd=ROOT, check=True)
    folder = TARGET / "release" / ("examples" if kind == "example" else "")
    return folder / (f"{name}.exe" if os.name == "nt" else name)
