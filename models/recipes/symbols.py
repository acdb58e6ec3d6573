"""Renders symbols of the Noto colour emoji font as if they had been photographed badly.

Every image follows from the seed and its number alone, so an interrupted rendering goes on where it was,
and several processes give the same images as one.
"""

import io
import json
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .errors import RecipeError

SIZE = 180
STRIKE = 109
"""The one size in which the font holds its pictures."""
DEFAULT_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
QUALITY = 90

SYMBOLS = {
    "alarm-clock": 0x23F0, "anchor": 0x2693, "apple": 0x1F34E, "banana": 0x1F34C, "basketball": 0x1F3C0,
    "bee": 0x1F41D, "bell": 0x1F514, "bicycle": 0x1F6B2, "book": 0x1F4D5, "bulb": 0x1F4A1,
    "burger": 0x1F354, "bus": 0x1F68C, "butterfly": 0x1F98B, "cactus": 0x1F335, "cake": 0x1F382,
    "camera": 0x1F4F7, "carrot": 0x1F955, "cat": 0x1F431, "clover": 0x1F340, "corn": 0x1F33D,
    "crab": 0x1F980, "crown": 0x1F451, "dog": 0x1F436, "drum": 0x1F941, "fish": 0x1F41F,
    "frog": 0x1F438, "gift": 0x1F381, "grapes": 0x1F347, "guitar": 0x1F3B8, "house": 0x1F3E0,
    "key": 0x1F511, "lion": 0x1F981, "lock": 0x1F512, "maple-leaf": 0x1F341, "monkey": 0x1F435,
    "mouse": 0x1F42D, "mushroom": 0x1F344, "octopus": 0x1F419, "owl": 0x1F989, "panda": 0x1F43C,
    "penguin": 0x1F427, "pig": 0x1F437, "pineapple": 0x1F34D, "pizza": 0x1F355, "rocket": 0x1F680,
    "snail": 0x1F40C, "strawberry": 0x1F353, "sunflower": 0x1F33B, "trumpet": 0x1F3BA, "turtle": 0x1F422,
    "watermelon": 0x1F349,
}  # fmt: skip
"""Class folder and code point, in the byte order of the names."""
NAMES = tuple(SYMBOLS)

SPLIT = ("test",) + 4 * ("val",) + 20 * ("train",)
"""Of 25 images of a class: 4 % test, 16 % validation, 80 % training."""


def place(number: int) -> tuple[str, int]:
    """Split and class of image `number`."""
    return SPLIT[number // len(NAMES) % len(SPLIT)], number % len(NAMES)


def render(folder: Path, count: int, seed: int, font: Path | None, jobs: int):
    """Writes `folder/split/class/number.jpg` for `count` images, those that are there already left alone."""
    strikes = font or DEFAULT_FONT
    if not strikes.is_file():
        raise RecipeError(
            f"{strikes} is missing; on Debian install the package fonts-noto-color-emoji, "
            "elsewhere name NotoColorEmoji.ttf with --font"
        )
    _claim(folder, count, seed)
    for split in set(SPLIT):
        for name in NAMES:
            (folder / split / name).mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(count) if not path(folder, number).is_file()]
    work = partial(_write, folder, strikes, seed)
    if jobs == 1:
        _watch(map(work, missing), len(missing))
    else:
        with ProcessPoolExecutor(jobs) as pool:
            _watch(pool.map(work, missing, chunksize=50), len(missing))


def path(folder: Path, number: int) -> Path:
    """Where image `number` lies."""
    split, label = place(number)
    return folder / split / NAMES[label] / f"{number:06}.jpg"


def image(number: int, seed: int, font: Path) -> Image.Image:
    """Image `number`, RGB."""
    draw = np.random.default_rng([seed, number])
    canvas = _background(draw)
    symbol, corners = _placed(_strike(font, NAMES[place(number)[1]]), draw)
    canvas.paste(symbol, (0, 0), symbol)
    _occlude(canvas, corners, draw)
    blurred = canvas.filter(ImageFilter.GaussianBlur(draw.uniform(0, 1.8)))
    return _noisy(blurred, draw)


def _claim(folder: Path, count: int, seed: int):
    """Notes what the folder is for; a folder of another rendering is refused, since it would be mixed."""
    note, mine = folder / "rendered.json", {"symbols": len(NAMES), "count": count, "seed": seed, "size": SIZE}
    if note.is_file() and json.loads(note.read_text()) != mine:
        raise RecipeError(f"{note} tells of another rendering ({note.read_text()}); give another --data or remove it")
    if not note.is_file() and folder.is_dir() and any(folder.iterdir()):
        raise RecipeError(f"{folder} is not empty and holds no rendering; give another --data")
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(mine))


def _write(folder: Path, font: Path, seed: int, number: int):
    target = path(folder, number)
    encoded = io.BytesIO()
    image(number, seed, font).save(encoded, "JPEG", quality=QUALITY)
    # Renamed, so that an image that is there is whole.
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(encoded.getvalue())
    unfinished.replace(target)


def _watch(done, total: int):
    for number, _ in enumerate(done, 1):
        if number % 1000 == 0 or number == total:
            print(f"rendered {number} of {total}", flush=True)


@cache
def _strike(font: Path, name: str) -> Image.Image:
    """The symbol as the font has it, cut to what is not transparent."""
    canvas = Image.new("RGBA", (160, 160))
    try:
        face = ImageFont.truetype(font, STRIKE)
    except OSError as error:
        raise RecipeError(f"{font} cannot be used: {error}") from error
    ImageDraw.Draw(canvas).text((10, 10), chr(SYMBOLS[name]), font=face, embedded_color=True)
    box = canvas.getbbox()
    if box is None:
        raise RecipeError(f"{font} has no symbol U+{SYMBOLS[name]:X} ({name})")
    return canvas.crop(box)


def _placed(symbol: Image.Image, draw: np.random.Generator) -> tuple[Image.Image, np.ndarray]:
    """The symbol somewhere on a transparent canvas, turned and tilted, with its four corners there."""
    side = draw.uniform(0.35, 0.8) * SIZE
    width, height = (length * side / max(symbol.size) for length in symbol.size)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    corners = corners + draw.uniform(-0.12, 0.12, (4, 2)) * side
    angle = np.deg2rad(draw.uniform(-40, 40))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = corners @ turn + draw.uniform(0.45 * side, SIZE - 0.45 * side, 2)
    source = np.array([[0, 0], [symbol.width, 0], [symbol.width, symbol.height], [0, symbol.height]])
    canvas = symbol.transform(
        (SIZE, SIZE), Image.Transform.PERSPECTIVE, _perspective(corners, source), Image.Resampling.BICUBIC
    )
    return _tinted(canvas, draw), corners


def _perspective(target: np.ndarray, source: np.ndarray) -> list[float]:
    """The eight numbers that take points of `target` to those of `source`."""
    rows = []
    for (x, y), (u, v) in zip(target, source):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return np.linalg.solve(np.array(rows, float), source.reshape(-1).astype(float)).tolist()


def _tinted(symbol: Image.Image, draw: np.random.Generator) -> Image.Image:
    """Under another light: each colour stronger or weaker."""
    *colours, alpha = symbol.split()
    gains = draw.uniform(0.6, 1.2) * draw.uniform(0.85, 1.15, 3)
    lit = [band.point([min(255, int(level * gain)) for level in range(256)]) for band, gain in zip(colours, gains)]
    return Image.merge("RGBA", (*lit, alpha))


def _background(draw: np.random.Generator) -> Image.Image:
    """A random field of colours, coarse or fine, with shapes on it."""
    cells = int(draw.integers(2, 24))
    field = draw.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
    smooth = Image.Resampling.BICUBIC if draw.random() < 0.7 else Image.Resampling.NEAREST
    canvas = Image.fromarray(field).resize((SIZE, SIZE), smooth)
    pen = ImageDraw.Draw(canvas)
    for _ in range(draw.integers(0, 9)):
        _shape(pen, draw.uniform(0, SIZE, 2), draw.uniform(8, 60, 2), draw)
    return canvas


def _occlude(canvas: Image.Image, corners: np.ndarray, draw: np.random.Generator):
    """Up to three things in front of the symbol, each covering up to a tenth or so of it."""
    pen = ImageDraw.Draw(canvas)
    side = np.ptp(corners, axis=0).max()
    for _ in range(draw.integers(0, 4)):
        centre = draw.uniform(corners.min(0), corners.max(0))
        _shape(pen, centre, draw.uniform(0.05, 0.16, 2) * side, draw)


def _shape(pen: ImageDraw.ImageDraw, centre: np.ndarray, radii: np.ndarray, draw: np.random.Generator):
    colour = tuple(int(level) for level in draw.integers(0, 256, 3))
    box = (*(centre - radii), *(centre + radii))
    kind = draw.integers(3)
    if kind == 0:
        pen.ellipse(box, fill=colour)
    elif kind == 1:
        pen.rectangle(box, fill=colour)
    else:
        pen.line(box, fill=colour, width=int(draw.integers(2, 8)))


def _noisy(canvas: Image.Image, draw: np.random.Generator) -> Image.Image:
    levels = np.asarray(canvas, np.float32)
    noise = draw.standard_normal(levels.shape, np.float32) * np.float32(draw.uniform(0, 18))
    return Image.fromarray((levels + noise).clip(0, 255).astype(np.uint8))
