"""The same of the loop for Keras: interrupted or not, the weights are equal. And NHWC comes out of the export."""

import io
import unittest
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

HERE = find_spec("tensorflow") and find_spec("tf2onnx")
if HERE:
    import keras

    from recipes import depthwise_small, keras_export, keras_train
    from recipes.errors import RecipeError


class Interrupted(Exception):
    """The machine was turned off."""


@unittest.skipUnless(HERE, "needs tensorflow-cpu and tf2onnx")
class Training(unittest.TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)

    def run_to(self, name: str, epochs: int = 3, stop_after: int | None = None):
        draw = np.random.default_rng(1)
        images, labels = draw.random((96, 28, 28, 1), np.float32), draw.integers(0, 10, 96)
        keras.utils.set_random_seed(3)
        model = depthwise_small.network(7)
        schedule = keras_train.Schedule(epochs, 1e-3, 1e-3, batch=16, plain=1)
        if stop_after is not None:
            model.evaluate = fails_after(model.evaluate, stop_after)
        with redirect_stdout(io.StringIO()):
            keras_train.train(model, images, labels, 32, schedule, self.work / name)
        return model

    def test_interrupted_and_continued_is_the_same_as_left_alone(self):
        whole = self.run_to("whole")
        with self.assertRaises(Interrupted):
            self.run_to("broken", stop_after=1)
        continued = self.run_to("broken")
        for ours, theirs in zip(continued.weights, whole.weights):
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), err_msg=ours.path)

    def test_other_settings_do_not_continue_a_run(self):
        self.run_to("one", epochs=1)
        with self.assertRaisesRegex(RecipeError, "other settings"):
            self.run_to("one", epochs=2)


def fails_after(evaluate, times: int):
    """`evaluate` so many times, then a failure: the epoch after the last checkpoint is lost."""
    left = [times]

    def failing(*arguments, **named):
        if left[0] == 0:
            raise Interrupted
        left[0] -= 1
        return evaluate(*arguments, **named)

    return failing


@unittest.skipUnless(HERE, "needs tensorflow-cpu and tf2onnx")
class Export(unittest.TestCase):
    def test_the_file_takes_channels_last_and_says_what_keras_says(self):
        import onnx
        import onnxruntime

        model = depthwise_small.network(7)
        images = np.random.default_rng(1).random((5, 28, 28, 1), np.float32)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            keras_export.export(model, path, {"bench.classes": "a"})
            session = onnxruntime.InferenceSession(path)
            (found,) = session.run(["probabilities"], {"image": images})
            kinds = {node.op_type for node in onnx.load(path).graph.node}
        self.assertFalse(kinds & {"Shape", "Slice", "Concat", "Cast"}, "tract takes no shape that is computed")
        self.assertEqual(session.get_inputs()[0].shape, ["batch", 28, 28, 1])
        np.testing.assert_allclose(found, model.predict(images, verbose=0), atol=1e-5)
        np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
