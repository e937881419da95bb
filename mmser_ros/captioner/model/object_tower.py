# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Object tower: a frozen object detector, which tells the word detector of small things.

The network is NanoDet-g (https://github.com/RangiLyu/nanodet, Apache-2.0), trained on COCO. Only
the log odds of its 80 classes are used, not its boxes.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmser_ros.captioner.config import ObjectsConfig
from mmser_ros.core.resources import share_path
from mmser_ros.core.yaml_text import read_yaml

CLASSES = 80
"""Classes of COCO; the head's other channels are boxes."""
HEAD = 124
"""Channels of the head: classes, and the distributions of four sides of a box."""
WIDTH = 128
"""Channels of a level."""
STAGES = ((32, 1, 1), (64, 2, 2), (128, 2, 2), (256, 2, 3))
"""Channels, stride and pairs of convolutions of each stage."""
MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""Of red, green and blue."""


class ObjectTower(nn.Module):
    """NanoDet-g without batch normalisation, which is merged into the convolutions."""

    def __init__(self, config: ObjectsConfig) -> None:
        """Build it with random weights, frozen."""
        super().__init__()
        self.config = config
        self.stem = nn.Sequential(_convolution(3, 32, 2), nn.MaxPool2d(3, 2, 1))
        channels = 32
        self.stages = nn.ModuleList()
        for width, stride, pairs in STAGES:
            self.stages.append(_Stage(channels, width, stride, pairs))
            channels = 2 * width
        widths = [2 * width for width, _, _ in STAGES[1:]]
        self.laterals = nn.ModuleList(nn.Conv2d(width, WIDTH, 1) for width in widths)
        self.heads = nn.ModuleList(
            nn.Sequential(_convolution(WIDTH, WIDTH), nn.Conv2d(WIDTH, HEAD, 1)) for _ in widths
        )
        mean = torch.tensor(MEAN).view(1, 3, 1, 1)
        deviation = torch.tensor(DEVIATION).view(1, 3, 1, 1)
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.requires_grad_(False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Log odds (batch, classes) that each class is somewhere in the image.

        Args:
            pixels: uint8 RGB (batch, 3, size, size).
        """
        dtype = next(self.parameters()).dtype
        x = ((pixels.float() - self.mean.float()) / self.deviation.float()).flip(1).to(dtype)
        x = self.stages[0](self.stem(x.contiguous(memory_format=torch.channels_last)))
        levels = []
        for stage, lateral in zip(self.stages[1:], self.laterals, strict=True):
            x = stage(x)
            levels.append(lateral(x))
        fine, middle, coarse = levels
        middle = middle + _resized(coarse, middle)
        fine = fine + _resized(middle, fine)
        middle = middle + _resized(fine, middle)
        coarse = coarse + _resized(middle, coarse)
        pairs = zip(self.heads, (fine, middle, coarse), strict=True)
        cells = [head(level)[:, :CLASSES].flatten(2) for head, level in pairs]
        return torch.cat(cells, dim=2).amax(2)


class _Stage(nn.Module):
    """A stage of a cross stage partial network (arXiv 1911.11929)."""

    def __init__(self, channels: int, width: int, stride: int, pairs: int) -> None:
        super().__init__()
        self.enter = _convolution(channels, width, stride)
        self.pairs = nn.ModuleList(_Pair(width) for _ in range(pairs))
        self.leave = _convolution(width, width)

    def forward(self, x: Tensor) -> Tensor:
        entered = x = self.enter(x)
        for pair in self.pairs:
            x = pair(x)
        return torch.cat([self.leave(x), entered], dim=1)


class _Pair(nn.Module):
    """Two convolutions; the output has both results."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.first = _convolution(width, half)
        self.second = _convolution(half, half)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return torch.cat([self.second(x), x], dim=1)


@cache
def object_classes() -> tuple[str, ...]:
    """Names of the classes (config/lexicon/object_classes.yaml).

    Raises:
        ResourceError: the file did not come with the package.
    """
    text = share_path("config/lexicon/object_classes.yaml").read_text(encoding="utf-8")
    return tuple(read_yaml(text))


def _convolution(channels: int, width: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3, stride, 1), nn.LeakyReLU(0.1))


def _resized(level: Tensor, like: Tensor) -> Tensor:
    return interpolate(level, size=like.shape[-2:], mode="bilinear", align_corners=False)
