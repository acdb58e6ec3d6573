"""Dividing labelled images, every class in its proportion, the same for the same seed everywhere."""

from pathlib import Path

import numpy as np


def stratified(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `labels` that stay and rows that are held out, both ascending.

    Of each class `share` is held out, rounded to whole images. The draw of one class does not
    depend on how many images the others have.
    """
    held_out = [_drawn(labels, label, share, seed) for label in np.unique(labels)]
    chosen = np.sort(np.concatenate(held_out)) if held_out else np.empty(0, np.int64)
    return np.setdiff1d(np.arange(len(labels)), chosen), chosen


def limited(labels: np.ndarray, limit: int | None, seed: int) -> np.ndarray:
    """Rows of about `limit` images, each class in its proportion; all rows where there is no limit."""
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    return stratified(labels, limit / len(labels), seed)[1]


def write_list(ids: list[str], path: Path):
    """One id a line, as `bench --list` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{name}\n" for name in ids))


def _drawn(labels: np.ndarray, label: int, share: float, seed: int) -> np.ndarray:
    rows = np.flatnonzero(labels == label)
    order = np.random.default_rng([seed, int(label)]).permutation(len(rows))
    return rows[order[: round(len(rows) * share)]]
