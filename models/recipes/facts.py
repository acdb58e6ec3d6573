"""What an exported file says about itself: how to use it (for `bench`) and how it was made (for its card)."""

import time

from .options import Options


def usage(classes: list[str], preprocess: str) -> dict[str, str]:
    """Class names and preprocessing, so that `bench` needs no settings for the file."""
    return {"bench.classes": "\n".join(classes), "bench.preprocess": preprocess}


def making(recipe: str, options: Options, base: str, images: int, epochs: int, seconds: float) -> dict[str, str]:
    """Recipe, seed, base, images, epochs, seconds and the day, under `recipe.*`."""
    return {
        "recipe.name": recipe,
        "recipe.seed": str(options.seed),
        "recipe.base": base,
        "recipe.images": str(images),
        "recipe.epochs": str(epochs),
        "recipe.seconds": f"{seconds:.0f}",
        "recipe.date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
