"""A small network of depthwise-separable blocks on Fashion-MNIST, in Keras: channels last, probabilities."""

import keras
import numpy as np
from keras import layers

from . import card, facts, idx, keras_export, keras_train, onnx_quantize
from .keras_train import Schedule
from .options import Options

HELD_OUT = 2_000
CALIBRATION_IMAGES = 512
SCHEDULE = Schedule(epochs=16, peak=4e-3, decay=5e-3, plain=2)
PREPROCESS = 'channels = "grey"\nscale = "unit"\n'


def depthwise_small(options: Options):
    """Trains on all but the last 2,000 training images, which show the progress and choose nothing."""
    images, labels = idx.load(options.data, "train")
    images, labels = images[: options.limit], labels[: options.limit].astype(np.int64)
    pixels = images[..., None].astype(np.float32) / 255
    held_out = min(HELD_OUT, len(images) // 10)
    schedule = Schedule(
        options.epochs or SCHEDULE.epochs, SCHEDULE.peak, SCHEDULE.decay,
        plain=0 if options.epochs else SCHEDULE.plain, seed=options.seed,
    )  # fmt: skip
    keras.utils.set_random_seed(options.seed)
    model = network(options.seed)
    seconds = keras_train.train(model, pixels, labels, held_out, schedule, options.work)
    made = facts.making(
        "fashion-mnist-depthwise-small", options, "none", len(images) - held_out, schedule.epochs, seconds
    )
    fp32, int8 = (options.out / f"depthwise-small.{variant}.onnx" for variant in ("fp32", "int8"))
    keras_export.export(model, fp32, facts.usage(idx.FASHION_MNIST, PREPROCESS) | made)
    onnx_quantize.static(fp32, int8, onnx_quantize.drawn(pixels, CALIBRATION_IMAGES, options.seed))
    print(f"trained in {seconds:.0f} s; wrote {fp32} and {int8}")


def network(seed: int) -> keras.Model:
    """`[N, 28, 28, 1]` in [0, 1] to ten probabilities: a stem, two blocks with max-pooling, dense softmax."""
    image = keras.Input((28, 28, 1), name="image")
    x = _normalised(layers.Conv2D(16, 3, padding="same", use_bias=False)(image))
    for filters in (48, 128):
        x = _normalised(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x))
        x = _normalised(layers.Conv2D(filters, 1, use_bias=False)(x))
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.4, seed=seed)(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(len(idx.FASHION_MNIST), activation="softmax")(x))


def _normalised(x):
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


SYSTEMS = {
    "fashion-mnist-depthwise-small": card.System(
        title="Two depthwise-separable blocks on Fashion-MNIST",
        network="A stem of 16 filters, then two depthwise-separable blocks (Howard et al. 2017, MobileNetV1) of 48 and "
        "128 filters, each with batch norm, ReLU and max-pooling; dropout and a dense softmax. Trained in Keras.",
        preprocessing="grey 28x28, divided by 255",
        data="Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, MIT licence): 58,000 of the 60,000 training images for "
        "training, 2,000 to follow the progress, and the 10,000 test images for the figures.",
        headline="90 % test accuracy, loss 0.2968",
        licence="The weights are under MIT or Apache-2.0, as `bench` itself; the data they were trained on is under "
        "MIT.",
    )
}
