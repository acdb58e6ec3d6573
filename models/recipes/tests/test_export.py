"""What is exported says what the trained network says."""

import unittest
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

HERE = find_spec("torch") and find_spec("onnxruntime")
if HERE:
    import onnx
    import onnxruntime
    import torch
    from torch import nn

    from recipes import base_weights, keras_mobilenetv2, onnx_export, onnx_quantize
    from recipes.errors import RecipeError


@unittest.skipUnless(HERE, "needs torch and onnxruntime")
class Export(unittest.TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "fp32.onnx"

    def test_one_sided_padding_ends_in_the_convolutions(self):
        # 45 pixels become 23, 12, 6, 3, 2: even and odd sides, which TensorFlow pads differently.
        network = keras_mobilenetv2.features().eval()
        images = torch.randn(2, 3, 45, 45, generator=torch.Generator().manual_seed(1))
        onnx_export.export(network, (3, 45, 45), self.path, {"bench.classes": "a"})
        kinds = [node.op_type for node in onnx.load(self.path).graph.node]
        self.assertNotIn("Pad", kinds)
        self.assertNotIn("BatchNormalization", kinds)
        (found,) = onnxruntime.InferenceSession(self.path).run(None, {"image": images.numpy()})
        with torch.inference_mode():
            np.testing.assert_allclose(found, network(images).numpy(), atol=1e-4)

    def test_int8_keeps_metadata_and_leaves_the_sigmoid_in_float(self):
        torch.manual_seed(1)
        network = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 1), nn.Sigmoid()
        )
        onnx_export.export(network, (3, 16, 16), self.path, {"bench.classes": "a\nb"}, output="probability")
        images = np.random.default_rng(1).random((64, 3, 16, 16), np.float32)
        int8 = self.path.with_name("int8.onnx")
        onnx_quantize.static(self.path, int8, images)
        model = onnx.load(int8)
        self.assertEqual({entry.key: entry.value for entry in model.metadata_props}, {"bench.classes": "a\nb"})
        self.assertEqual(model.graph.node[-1].op_type, "Sigmoid")
        outputs = [onnxruntime.InferenceSession(path).run(None, {"image": images})[0] for path in (self.path, int8)]
        np.testing.assert_allclose(*outputs, atol=0.02)


@unittest.skipUnless(HERE, "needs torch and onnxruntime")
class Pretrained(unittest.TestCase):
    def arrays(self):
        """Weights as Keras would store them."""
        shapes = {}
        for module in keras_mobilenetv2.features().modules():
            if isinstance(module, keras_mobilenetv2.Convolution):
                kernel = module.convolution
                height, width = kernel.kernel_size
                depthwise = kernel.groups > 1
                shapes[f"{module.layer}/{'depthwise_kernel' if depthwise else 'kernel'}"] = (
                    (height, width, kernel.groups, 1)
                    if depthwise
                    else (height, width, kernel.in_channels, kernel.out_channels)
                )
                for variable in ("gamma", "beta", "moving_mean", "moving_variance"):
                    shapes[f"{module.norm}/{variable}"] = (kernel.out_channels,)
        draw = np.random.default_rng(1)
        return {name: draw.random(shape, np.float32) for name, shape in shapes.items()}

    def test_kernels_are_turned_from_height_width_in_out(self):
        arrays = self.arrays()
        network = keras_mobilenetv2.features()
        keras_mobilenetv2.load(network, arrays)
        self.assertEqual(len(arrays), 52 * 5)
        stem, depthwise = network[0].convolution.weight, network[1].body[0].convolution.weight
        self.assertEqual(stem[5, 2, 0, 1].item(), arrays["Conv1/kernel"][0, 1, 2, 5])
        self.assertEqual(depthwise[7, 0, 2, 1].item(), arrays["expanded_conv_depthwise/depthwise_kernel"][2, 1, 7, 0])

    def test_a_base_of_another_network_is_refused(self):
        arrays = self.arrays()
        arrays["Conv_1/kernel"] = arrays["Conv_1/kernel"][..., :640]
        with self.assertRaisesRegex(RecipeError, "width 1.0"):
            keras_mobilenetv2.load(keras_mobilenetv2.features(), arrays)
        del arrays["Conv_1/kernel"]
        with self.assertRaisesRegex(RecipeError, "has no Conv_1/kernel"):
            keras_mobilenetv2.load(keras_mobilenetv2.features(), arrays)

    @unittest.skipUnless(find_spec("h5py"), "needs h5py")
    def test_a_saved_keras_model_is_read_by_layer_and_variable(self):
        import h5py

        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.h5"
            with h5py.File(path, "w") as file:
                file["model_weights/mobilenetv2_1.00_160/Conv1/kernel:0"] = np.ones(3)
                file["optimizer_weights/Adam/m/Conv1/kernel:0"] = np.zeros(3)
            found = base_weights.from_h5(path)
        self.assertEqual(list(found), ["Conv1/kernel"])
        self.assertEqual(found["Conv1/kernel"].tolist(), [1, 1, 1])

    @unittest.skipUnless(find_spec("keras"), "needs keras")
    def test_the_network_says_what_keras_says(self):
        import os

        os.environ.setdefault("KERAS_BACKEND", "torch")
        import keras

        model = keras.applications.MobileNetV2(input_shape=(96, 96, 3), include_top=False, weights=None)
        network = keras_mobilenetv2.features().eval()
        keras_mobilenetv2.load(network, base_weights.from_keras(model))
        images = np.random.default_rng(1).uniform(-1, 1, (2, 96, 96, 3)).astype(np.float32)
        with torch.inference_mode():
            ours = network(torch.from_numpy(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(ours, model.predict(images, verbose=0), atol=1e-4)


if __name__ == "__main__":
    unittest.main()
