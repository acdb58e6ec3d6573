"""MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) for small images."""

from torch import nn

# expansion, channels, repeats, stride: table 2 of the paper.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _width(channels: int, multiplier: float) -> int:
    """The paper's rule: a multiple of 8, never more than 10 % below the product."""
    scaled = max(8, int(channels * multiplier + 4) // 8 * 8)
    return scaled + 8 if scaled < 0.9 * channels * multiplier else scaled


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, relu: bool = True):
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, nn.ReLU6(inplace=True)) if relu else nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise 3x3, project 1x1; a residual where the shapes allow one."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int):
        super().__init__()
        hidden = inputs * expansion
        expand = [] if expansion == 1 else [_conv(inputs, hidden, 1)]
        self.body = nn.Sequential(
            *expand,
            _conv(hidden, hidden, 3, stride, groups=hidden),
            _conv(hidden, outputs, 1, relu=False),
        )
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV2(nn.Module):
    """`[N, channels, H, W]` images to `[N, classes]` logits.

    The stem has stride 1 instead of the paper's 2, as is usual for images of about 32 pixels.
    """

    def __init__(self, classes: int, channels: int, width: float, last: int = 1280):
        super().__init__()
        current = _width(32, width)
        layers = [_conv(channels, current, 3)]
        for expansion, outputs, repeats, stride in STAGES:
            for repeat in range(repeats):
                following = _width(outputs, width)
                layers.append(InvertedResidual(current, following, stride if repeat == 0 else 1, expansion))
                current = following
        head = _width(last, max(1.0, width)) if last else current
        layers.append(_conv(current, head, 1))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(head, classes))
        self._initialise()

    def _initialise(self):
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        return self.classifier(self.pool(self.features(x)).flatten(1))
