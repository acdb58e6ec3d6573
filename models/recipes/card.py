"""The model card: what is known of a system, and the figures of a report of `bench compare … --json REPORT`.

No figure is typed: accuracy and the like come from the report, seed and training time from the models.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx

from .errors import RecipeError


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


FIGURES = (
    ("accuracy", "accuracy", _percent),
    ("balanced_accuracy", "balanced accuracy", _percent),
    ("macro_precision", "macro precision", "{:.4f}".format),
    ("macro_recall", "macro recall", "{:.4f}".format),
    ("macro_f1", "macro F1", "{:.4f}".format),
    ("log_loss", "log loss", "{:.4f}".format),
    ("ece", "calibration error", "{:.4f}".format),
    ("agreement", "same class as the baseline", _percent),
    ("flips_right_to_wrong", "right → wrong", "{:.0f}".format),
    ("flips_wrong_to_right", "wrong → right", "{:.0f}".format),
)
"""Metric, what the card calls it, and its form. No times: they belong to a machine."""

MOST_CLASSES = 12
"""With more, the confusion matrix and the table of classes show the worst only."""
WORST = 10


@dataclass(frozen=True)
class System:
    """What a card says that no report knows."""

    title: str
    network: str
    preprocessing: str
    data: str
    headline: str
    licence: str


def write(recipe, report: Path, path: Path):
    """Writes the card of `recipe` to `path`."""
    try:
        found = json.loads(report.read_text())
        columns = [column for column in found["columns"] if column["outcome"]["kind"] == "completed"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecipeError(f"{report} is no report of `bench compare … --json {report}`: {error}") from error
    if not columns or not all(column.get("classes") for column in columns):
        raise RecipeError(f"{report} tells of no evaluation; give `bench compare` the data")
    for column in columns:
        name = Path(column["model"]["path"]).name
        if not (path.parent / name).is_file():
            raise RecipeError(f"{report} tells of {name}, which is not in {path.parent}; --out names the folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(recipe, found, columns, path.parent))
    print(f"wrote {path}")


def text(recipe, report: dict, columns: list[dict], folder: Path) -> str:
    """The card as Markdown; the models lie in `folder`."""
    system = recipe.system()
    final = _final(columns)
    models = [folder / name for name in dict.fromkeys(Path(column["model"]["path"]).name for column in columns)]
    parts = (
        f"# {system.title}",
        f"{recipe.summary}\n\nHeadline of the system that this reproduces: {system.headline}.",
        _files(models),
        "`bench.toml` says where the data are looked for; `--data` gives another place of the same data (for other data, "
        "copy the models to a folder of their own). Class names and preprocessing are in the models' own metadata.\n\n"
        f"## Model\n\n{system.network}\n\n{_ports(final[0], system)}",
        f"## Data\n\n{system.data}",
        _figures(recipe, report, columns),
        _classes(final),
        _confusion(final[0]),
        _training(recipe, models),
        f"## Licence\n\n{system.licence}",
    )
    return "\n\n".join(parts) + "\n"


def _final(columns: list[dict]) -> list[dict]:
    """The last stage in fp32 and what was quantized of it, in the first runtime."""
    own = [column for column in columns if column["runtime"]["name"] == columns[0]["runtime"]["name"]]
    quantized = ["int8" in Path(column["model"]["path"]).name for column in own]
    last = max((place for place, int8 in enumerate(quantized) if not int8), default=0)
    return own[last:]


def _files(models: list[Path]) -> str:
    rows = [
        (f"`{path.name}`", f"{path.stat().st_size:,}", f"`{hashlib.sha256(path.read_bytes()).hexdigest()}`")
        for path in models
    ]
    return _table(("file", "bytes", "SHA-256"), rows)


def _ports(column: dict, system: System) -> str:
    job, classes = column["job"], column["classes"]["names"]
    rows = (
        ("input", _port(job["input"])),
        ("output", f"{_port(job['output'])}, {job['output']['activation']}"),
        ("parameters", f"{column['model']['parameters']:,}"),
        ("classes", ", ".join(classes)),
        ("preprocessing", system.preprocessing),
    )
    return _table(("", ""), rows)


def _port(port: dict) -> str:
    """Name, element type and axes, as `image`, f32, `[batch, 3, 96, 96]`."""
    axes = ", ".join(str(length) for axis in port["shape"] for length in axis.values())
    return f"`{port['name']}`, {port['element']}, `[{axes}]`"


def _figures(recipe, report: dict, columns: list[dict]) -> str:
    final = _final(columns)[0]
    names = dict.fromkeys(Path(column["model"]["path"]).name for column in columns)
    files = " ".join(f"models/{recipe.folder}/{name}" for name in names)
    versions = dict.fromkeys(f"{column['runtime']['name']} {column['runtime']['version']}" for column in columns)
    images = columns[0]["evaluation"]["images"]
    rows = [(title, *(_figure(column, metric, form) for column in columns)) for metric, title, form in FIGURES]
    rows.append(("size", *(f"{_reading(column, 'size') / 1e6:.2f} MB" for column in columns)))
    shown = [row for row in rows if any(cell for cell in row[1:])]
    return (
        f"## Figures\n\nMeasured with `bench` {report['tool']['version']} on {images:,} images "
        f"({', '.join(versions)}; {columns[0]['environment']['cpu']}):\n\n    bench compare {files}\n\n"
        + _table(("", *(column["label"] for column in columns)), shown, right=True)
        + f"\n\n95 % interval of the accuracy of {final['label']}: {_interval(final)}."
    )


def _figure(column: dict, metric: str, form: Callable[[float], str]) -> str:
    value = _reading(column, metric)
    return "" if value is None else form(value)


def _reading(column: dict, metric: str) -> float | None:
    pair = ((column.get("versus") or {}).get("pair")) or []
    return next((entry["value"] for entry in column["readings"] + pair if entry["metric"] == metric), None)


def _per_class(column: dict, metric: str) -> list[float | None]:
    return next((entry["per_class"] for entry in column["readings"] if entry["metric"] == metric), [])


def _interval(column: dict) -> str:
    interval = next(entry["interval"] for entry in column["readings"] if entry["metric"] == "accuracy")
    return f"{_percent(interval['low'])} to {_percent(interval['high'])}"


def _classes(columns: list[dict]) -> str:
    """Precision, recall and F1 of each class in the first column, F1 in the others."""
    first, others = columns[0], columns[1:]
    names = first["classes"]["names"]
    scores = [_per_class(first, metric) for metric in ("macro_precision", "macro_recall", "macro_f1")]
    scores += [_per_class(column, "macro_f1") for column in others]
    order = range(len(names))
    heading = "## Classes"
    if len(names) > MOST_CLASSES:
        order = sorted(order, key=lambda row: _low(scores[2][row]))[:WORST]
        heading = f"## The {WORST} weakest of {len(names)} classes"
    rows = [(names[row], *(_score(score[row]) for score in scores)) for row in order]
    titles = ("", "precision", "recall", "F1", *(f"F1 of {column['label']}" for column in others))
    return f"{heading}\n\n{first['label']}:\n\n" + _table(titles, rows, right=True)


def _low(score: float | None) -> float:
    return -1.0 if score is None else score


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.4f}"


def _confusion(column: dict) -> str:
    names = column["classes"]["names"]
    matrix = column["classes"]["confusion"]
    count = len(names)
    if count <= MOST_CLASSES:
        rows = [(names[row], *(str(cell) for cell in matrix[row])) for row in range(count)]
        return f"## Confusion\n\n{column['label']}, true classes in rows:\n\n" + _table(("", *names), rows, right=True)
    pairs = [(matrix[a][b], names[a], names[b]) for a in range(count) for b in range(count) if a != b and matrix[a][b]]
    rows = [(true, taken, str(times)) for times, true, taken in sorted(pairs, reverse=True)[:WORST]]
    return f"## Confused most often\n\n{column['label']}:\n\n" + _table(("true", "taken for", "times"), rows)


def _training(recipe, models: list[Path]) -> str:
    rows = []
    for path in models:
        made = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
        if "recipe.name" in made:
            keys = ("seed", "base", "images", "epochs", "seconds", "date")
            rows.append((f"`{path.name}`", *(made.get(f"recipe.{key}", "") for key in keys)))
    titles = ("", "seed", "base", "training images", "epochs", "seconds", "day")
    return (
        f"## Training, export and quantization\n\n    cd models\n    python -m recipes {recipe.name}\n\n"
        + _table(titles, rows)
        + "\n\nEpochs and seconds are those of training above the cached features of the frozen part, where there is "
        "one; of all stages that the file was trained in itself. int8: static post-training quantization with ONNX "
        "Runtime's tool, as QDQ; activations U8, weights S8 per channel, MinMax calibration on training images drawn "
        "with the seed. A rerun agrees in quality, not in bits."
    )


def _table(titles: tuple[str, ...], rows, right: bool = False) -> str:
    marks = ["---", *("---:" if right else "---" for _ in titles[1:])]
    lines = [titles, marks, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
