"""An interrupted run ends with the same weights as one that was left alone."""

import io
import unittest
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

if find_spec("torch"):
    import torch
    from torch import nn

    from recipes import features
    from recipes.errors import RecipeError
    from recipes.images import Images
    from recipes.train import Cycle, Schedule, sigmoid_objective, train


class Interrupted(Exception):
    """The machine was turned off."""


@unittest.skipUnless(find_spec("torch"), "needs torch")
class Training(unittest.TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)
        torch.set_num_threads(1)

    def run_to(self, name: str, schedule, stop_after: int | None = None, lighter: float = 0, swapped: int = 0):
        draw = torch.Generator().manual_seed(1)
        labels = (torch.arange(96) + swapped) % 2
        pixels = torch.randn(96, 1, 6, 6, generator=draw) + labels[:, None, None, None] * 0.5 + lighter
        training = Images(pixels[:64], labels[:64], shift=1)
        if stop_after is not None:
            training = StopsAfter(training, stop_after)
        torch.manual_seed(3)
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(64, 1)
        )
        with redirect_stdout(io.StringIO()):
            return train(
                model, training, Images(pixels[64:], labels[64:]), schedule, self.work / name, sigmoid_objective()
            )

    def same_as_uninterrupted(self, schedule, batches_until_the_end: int):
        whole = self.run_to("whole", schedule)
        with self.assertRaises(Interrupted):
            self.run_to("broken", schedule, stop_after=batches_until_the_end)
        continued = self.run_to("broken", schedule)
        self.assertEqual(continued.epochs, whole.epochs)
        for name, value in whole.model.state_dict().items():
            self.assertTrue(torch.equal(value, continued.model.state_dict()[name]), name)

    def test_stopped_within_a_cycle(self):
        schedule = Schedule((Cycle(3, 0.1, 1e-3), Cycle(2, 0.05, 1e-4, augment=False)), batch=16)
        self.same_as_uninterrupted(schedule, batches_until_the_end=6)

    def test_stopped_at_the_seam_of_two_cycles(self):
        schedule = Schedule((Cycle(3, 0.1, 1e-3), Cycle(2, 0.05, 1e-4, augment=False)), batch=16)
        self.same_as_uninterrupted(schedule, batches_until_the_end=12)

    def test_stopped_while_early_stopping_was_counting(self):
        schedule = Schedule((Cycle(12, 0.5, 1e-3),), batch=16, optimizer="adamw", patience=2)
        self.same_as_uninterrupted(schedule, batches_until_the_end=9)

    def test_early_stopping_gives_the_weights_of_the_best_epoch(self):
        schedule = Schedule((Cycle(30, 0.5, 1e-3),), batch=16, optimizer="adamw", patience=2)
        ended = self.run_to("early", schedule)
        saved = torch.load(self.work / "early" / "checkpoint.pt", weights_only=True)
        self.assertLess(ended.epochs, 30)
        self.assertEqual(ended.epochs, saved["best"]["epoch"] + 2)
        self.assertAlmostEqual(ended.loss, saved["best"]["loss"])

    def test_other_settings_do_not_continue_a_run(self):
        self.run_to("one", Schedule((Cycle(1, 0.1, 1e-3),), batch=16))
        with self.assertRaisesRegex(RecipeError, "other settings"):
            self.run_to("one", Schedule((Cycle(2, 0.1, 1e-3),), batch=16))

    def test_other_images_or_labels_do_not_continue_a_run(self):
        schedule = Schedule((Cycle(1, 0.1, 1e-3),), batch=16)
        self.run_to("one", schedule)
        for other in ({"lighter": 0.01}, {"swapped": 1}):
            with self.assertRaisesRegex(RecipeError, "other settings"):
                self.run_to("one", schedule, **other)


class StopsAfter:
    """Examples that fail after so many training batches."""

    def __init__(self, examples, batches: int):
        # One more is the sample that a work folder knows its data by.
        self.examples, self.labels, self.left = examples, examples.labels, batches + 1

    def __len__(self):
        return len(self.examples)

    def batch(self, rows, augment):
        if self.left == 0:
            raise Interrupted
        self.left -= 1
        return self.examples.batch(rows, augment)


@unittest.skipUnless(find_spec("torch"), "needs torch")
class Features(unittest.TestCase):
    COUNT = 64 * 40

    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "view0.npy"
        self.asked = []

    def inputs(self, first: int, last: int):
        self.asked.append(first)
        return torch.arange(first, last, dtype=torch.float32)[:, None]

    def extract(self, inputs, identity="a"):
        with redirect_stdout(io.StringIO()):
            return features.extract(nn.Identity(), inputs, self.COUNT, self.path, identity)

    def test_an_interrupted_extraction_goes_on_where_it_was_kept(self):
        def stops(first, last):
            if first >= 64 * 35:
                raise Interrupted
            return self.inputs(first, last)

        with self.assertRaises(Interrupted):
            self.extract(stops)
        self.asked.clear()
        found = self.extract(self.inputs)
        self.assertEqual(self.asked[0], 64 * 32)
        np.testing.assert_array_equal(found[:, 0], np.arange(self.COUNT, dtype=np.float16))

    def test_what_is_there_is_not_computed_again(self):
        self.extract(self.inputs)
        self.asked.clear()
        self.extract(self.inputs)
        self.assertEqual(self.asked, [])

    def test_another_identity_begins_anew(self):
        self.extract(self.inputs)
        self.asked.clear()
        self.extract(self.inputs, identity="b")
        self.assertEqual(self.asked[0], 0)


if __name__ == "__main__":
    unittest.main()
