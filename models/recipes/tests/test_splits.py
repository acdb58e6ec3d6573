"""The hold-out is stratified, disjoint, and the same for the same seed."""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from recipes import splits

LABELS = np.repeat([0, 1, 2], [1000, 500, 10])


class Stratified(unittest.TestCase):
    def test_every_class_gives_its_share(self):
        _, held_out = splits.stratified(LABELS, 0.2, seed=7)
        np.testing.assert_array_equal(np.bincount(LABELS[held_out]), [200, 100, 2])

    def test_no_image_is_on_both_sides_and_none_is_lost(self):
        kept, held_out = splits.stratified(LABELS, 0.2, seed=7)
        self.assertFalse(set(kept) & set(held_out))
        np.testing.assert_array_equal(np.sort(np.concatenate([kept, held_out])), np.arange(len(LABELS)))

    def test_the_seed_decides(self):
        once, again, other = (splits.stratified(LABELS, 0.2, seed)[1] for seed in (7, 7, 8))
        np.testing.assert_array_equal(once, again)
        self.assertTrue((once != other).any())

    def test_one_class_does_not_move_the_draw_of_another(self):
        _, held_out = splits.stratified(LABELS, 0.2, seed=7)
        _, without = splits.stratified(LABELS[:1000], 0.2, seed=7)
        np.testing.assert_array_equal(held_out[held_out < 1000], without)

    def test_a_limit_keeps_the_proportions(self):
        np.testing.assert_array_equal(np.bincount(LABELS[splits.limited(LABELS, 151, seed=7)]), [100, 50, 1])
        self.assertEqual(len(splits.limited(LABELS, 9999, seed=7)), len(LABELS))

    def test_a_list_has_one_id_a_line(self):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "deep" / "holdout.txt"
            splits.write_list(["cats/cat.1.jpg", "dogs/dog.2.jpg"], path)
            self.assertEqual(path.read_text(), "cats/cat.1.jpg\ndogs/dog.2.jpg\n")


if __name__ == "__main__":
    unittest.main()
