"""The flagship quantized in every way that ONNX Runtime's tool offers for it: what choosing a scheme costs."""

from onnxruntime.quantization import CalibrationMethod, QuantType

from . import fashion_mnist, idx, onnx_quantize
from .catalogue import REPOSITORY
from .errors import RecipeError
from .onnx_quantize import Scheme
from .options import Options

SCHEMES = {
    "u8s8": Scheme(),
    "u8s8-per-tensor": Scheme(per_channel=False),
    "u8s8-percentile": Scheme(calibration=CalibrationMethod.Percentile),
    "u8s8-entropy": Scheme(calibration=CalibrationMethod.Entropy),
    "s8s8": Scheme(activations=QuantType.QInt8),
}
"""Activations, weights, and what differs from per-channel scales and MinMax calibration."""

FP32 = REPOSITORY / "models" / "fashion-mnist" / "mobilenetv2.fp32.onnx"
SYSTEMS: dict = {}


def schemes(options: Options):
    """Quantizes with calibration images drawn as for the flagship itself."""
    images, _ = idx.load(options.data, "train")
    if not FP32.is_file():
        raise RecipeError(f"{FP32} is missing; the recipe fashion-mnist-mobilenetv2 makes it")
    count = options.limit or fashion_mnist.CALIBRATION_IMAGES
    pixels = fashion_mnist.normalise(onnx_quantize.drawn(images, count, options.seed)).numpy()
    for name, scheme in SCHEMES.items():
        onnx_quantize.static(FP32, options.out / f"{name}.onnx", pixels, scheme)
        print(f"wrote {options.out / name}.onnx", flush=True)
    onnx_quantize.dynamic(FP32, options.out / "dynamic.onnx")
    print(f"wrote {options.out / 'dynamic'}.onnx")
