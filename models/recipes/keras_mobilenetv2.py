"""Keras's MobileNetV2 of width 1.0 in PyTorch, so that its published weights can be trained further.

It differs from the one in `mobilenetv2.py` in where strided convolutions look: TensorFlow pads an even
image at the right and the bottom only. Weights trained so lose accuracy under symmetric padding.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .errors import RecipeError

# expansion, channels, stride of each block: table 2 of the paper, spelled out.
BLOCKS = (
    (1, 16, 1),
    (6, 24, 2), (6, 24, 1),
    (6, 32, 2), (6, 32, 1), (6, 32, 1),
    (6, 64, 2), (6, 64, 1), (6, 64, 1), (6, 64, 1),
    (6, 96, 1), (6, 96, 1), (6, 96, 1),
    (6, 160, 2), (6, 160, 1), (6, 160, 1),
    (6, 320, 1),
)  # fmt: skip
FEATURES = 1280
EPSILON = 1e-3


class Convolution(nn.Module):
    """Convolution, batch norm and, if wanted, ReLU6; padded as TensorFlow's `same`.

    `layer` and `norm` are what Keras calls the two layers with weights.
    """

    def __init__(self, layer: str, norm: str, inputs: int, outputs: int, kernel: int, stride=1, groups=1, relu=True):
        super().__init__()
        self.layer, self.norm, self.relu = layer, norm, relu
        self.stride, self.kernel = stride, kernel
        padding = kernel // 2 if stride == 1 else 0
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.batch_norm = nn.BatchNorm2d(outputs, eps=EPSILON)

    def forward(self, x):
        if self.stride == 2:
            rows, columns = (1 - int(length) % 2 for length in x.shape[2:])
            x = F.pad(x, (1 - columns, 1, 1 - rows, 1))
        x = self.batch_norm(self.convolution(x))
        return F.relu6(x) if self.relu else x


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise 3x3, project 1x1; a residual where the shapes allow one."""

    def __init__(self, name: str, inputs: int, outputs: int, stride: int, expansion: int):
        super().__init__()
        hidden = inputs * expansion
        steps = [
            Convolution(f"{name}_depthwise", f"{name}_depthwise_BN", hidden, hidden, 3, stride, groups=hidden),
            Convolution(f"{name}_project", f"{name}_project_BN", hidden, outputs, 1, relu=False),
        ]
        if expansion != 1:
            steps.insert(0, Convolution(f"{name}_expand", f"{name}_expand_BN", inputs, hidden, 1))
        self.body = nn.Sequential(*steps)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def features() -> nn.Sequential:
    """`[N, 3, H, W]` in [-1, 1] to `[N, 1280, H / 32, W / 32]`: the stem, 17 blocks, the last convolution."""
    layers, current = [Convolution("Conv1", "bn_Conv1", 3, 32, 3, stride=2)], 32
    for number, (expansion, outputs, stride) in enumerate(BLOCKS):
        name = f"block_{number}" if number else "expanded_conv"
        layers.append(InvertedResidual(name, current, outputs, stride, expansion))
        current = outputs
    return nn.Sequential(*layers, Convolution("Conv_1", "Conv_1_bn", current, FEATURES, 1))


def load(network: nn.Module, weights: dict[str, np.ndarray]):
    """Puts Keras's `weights`, by `layer/variable`, into the convolutions of `network`."""
    with torch.no_grad():
        for place, key, target in _places(network):
            found = next((weights[name] for name in key if name in weights), None)
            if found is None:
                raise RecipeError(f"the pretrained base has no {key[0]}; is it a Keras MobileNetV2?")
            value = torch.from_numpy(np.ascontiguousarray(_turned(found, place)))
            if value.shape != target.shape:
                raise RecipeError(
                    f"{key[0]} of the pretrained base has the shape {list(value.shape)}, not {list(target.shape)}; "
                    "a MobileNetV2 of width 1.0 is needed"
                )
            target.copy_(value)


def _places(network: nn.Module) -> Iterator[tuple[Convolution, tuple[str, ...], torch.Tensor]]:
    """Each tensor with the names that Keras may store it under."""
    for module in network.modules():
        if isinstance(module, Convolution):
            layer, norm, statistics = module.layer, module.norm, module.batch_norm
            yield module, (f"{layer}/kernel", f"{layer}/depthwise_kernel"), module.convolution.weight
            yield module, (f"{norm}/gamma",), statistics.weight
            yield module, (f"{norm}/beta",), statistics.bias
            yield module, (f"{norm}/moving_mean",), statistics.running_mean
            yield module, (f"{norm}/moving_variance",), statistics.running_var


def _turned(value: np.ndarray, place: Convolution) -> np.ndarray:
    """Keras's kernels are height, width, inputs, outputs; depthwise ones height, width, channels, 1."""
    if value.ndim != 4:
        return value
    depthwise = place.convolution.groups > 1
    return value.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
