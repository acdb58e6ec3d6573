"""MobileNetV2 with random weights for a race: accuracy_models.py CLASSES SIDE WIDTH FP32.onnx INT8.onnx"""

import sys
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models"))

from recipes.mobilenetv2 import MobileNetV2
from recipes.onnx_export import export
from recipes.onnx_quantize import static


def main():
    classes, side, width = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    fp32, int8 = Path(sys.argv[4]), Path(sys.argv[5])
    torch.manual_seed(7)
    model = MobileNetV2(classes, channels=3, width=width)
    # The paper's first stride, which the recipes' small images do without.
    model.features[0][0].stride = (2, 2)
    preprocess = f'channels = "rgb"\nresize = [{side}, {side}]\nscale = "signed"\n'
    export(model, (3, side, side), fp32, {"bench.preprocess": preprocess})
    images = numpy.random.default_rng(7).uniform(-1, 1, (64, 3, side, side)).astype(numpy.float32)
    static(fp32, int8, images)


if __name__ == "__main__":
    main()
