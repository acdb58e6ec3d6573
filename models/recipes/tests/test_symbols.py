"""51 classes, 80/16/4, and an image that follows from its number and the seed."""

import io
import os
import unittest
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from recipes import symbols
from recipes.errors import RecipeError

FONT = Path(os.environ.get("NOTO_COLOR_EMOJI", symbols.DEFAULT_FONT))


class Places(unittest.TestCase):
    def test_fifty_one_classes_in_the_order_in_which_bench_counts_folders(self):
        self.assertEqual(len(symbols.NAMES), 51)
        self.assertEqual(list(symbols.NAMES), sorted(symbols.NAMES, key=str.encode))
        self.assertEqual(len(set(symbols.SYMBOLS.values())), 51)

    def test_eighty_sixteen_four(self):
        parts = Counter(symbols.place(number)[0] for number in range(61_000))
        for split, share in (("train", 0.80), ("val", 0.16), ("test", 0.04)):
            self.assertAlmostEqual(parts[split] / 61_000, share, delta=0.001)

    def test_every_class_is_in_every_part_equally_often(self):
        parts = Counter(symbols.place(number) for number in range(51 * 25))
        self.assertEqual(set(Counter(parts.values())), {1, 4, 20})

    def test_a_font_that_is_not_there_is_named(self):
        with TemporaryDirectory() as folder, self.assertRaisesRegex(RecipeError, "fonts-noto-color-emoji"):
            symbols.render(Path(folder) / "images", 51, 7, Path(folder) / "no.ttf", 1)

    def test_a_folder_with_something_else_is_left_alone(self):
        with TemporaryDirectory() as folder:
            (Path(folder) / "thesis.txt").write_text("mine")
            with self.assertRaisesRegex(RecipeError, "not empty"):
                symbols._claim(Path(folder), 51, 7)


@unittest.skipUnless(FONT.is_file(), "needs the font (NOTO_COLOR_EMOJI names it)")
class Rendering(unittest.TestCase):
    def test_an_image_follows_from_its_number_and_the_seed(self):
        once, again, other = (np.asarray(symbols.image(5, seed, FONT)) for seed in (7, 7, 8))
        self.assertEqual(once.shape, (180, 180, 3))
        np.testing.assert_array_equal(once, again)
        self.assertTrue((once != other).any())

    def test_the_font_has_every_symbol(self):
        for name in symbols.NAMES:
            self.assertGreater(min(symbols._strike(FONT, name).size), 20, name)

    def test_what_is_rendered_already_is_left_alone(self):
        with TemporaryDirectory() as folder:
            rendered(Path(folder) / "images")
            kept = symbols.path(Path(folder) / "images", 2)
            kept.write_bytes(b"mine")
            rendered(Path(folder) / "images")
            self.assertEqual(kept.read_bytes(), b"mine")
            with self.assertRaisesRegex(RecipeError, "another rendering"):
                symbols.render(Path(folder) / "images", 4, 8, FONT, 1)


def rendered(folder: Path):
    with redirect_stdout(io.StringIO()):
        symbols.render(folder, 4, 7, FONT, 1)


if __name__ == "__main__":
    unittest.main()
