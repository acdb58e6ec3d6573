"""`python -m recipes NAME --out DIR`: train, export, quantize."""

import argparse
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def recipes():
    from . import fashion_mnist

    return {"fashion-mnist-mobilenetv2": (fashion_mnist.mobilenetv2, fashion_mnist.DEFAULT_DATA, "fashion-mnist")}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m recipes", description=__doc__)
    parser.add_argument("name", nargs="?", help="the recipe to run")
    parser.add_argument("--list", action="store_true", help="show every recipe and end")
    parser.add_argument("--data", type=Path, help="folder with the training data")
    parser.add_argument("--out", type=Path, help="folder for the .onnx files")
    parser.add_argument("--work", type=Path, help="folder for checkpoints; a run is continued from it")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, help="instead of the recipe's own number")
    parser.add_argument("--limit", type=int, help="train on the first LIMIT images only, to try a recipe out")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    known = recipes()
    if args.list or not args.name:
        for name, (run, data, _) in known.items():
            print(f"{name}\n    {run.__doc__.splitlines()[0]}\n    data: {data}")
        return 0
    if args.name not in known:
        print(f"no recipe {args.name!r}; there is: {', '.join(known)}", file=sys.stderr)
        return 2
    run, data, folder = known[args.name]
    from .idx import DataMissing

    try:
        run(
            data=args.data or data,
            out=args.out or REPOSITORY / "models" / folder,
            work=args.work or REPOSITORY / "target" / "recipes" / args.name,
            seed=args.seed, epochs=args.epochs, limit=args.limit,
        )  # fmt: skip
    except DataMissing as missing:
        print(missing, file=sys.stderr)
        return 3
    return 0


sys.exit(main())
