# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Weights as safetensors files of a limited size, with 32, 16 or 8 bits per weight.

With 8 bits:

- Only matrices (linear weights, embeddings) and kernels of convolutions have 8 bits. Other weights
  are float16; integers stay.
- They are stored as int8 steps of the same shape. `<name>.scale` holds the float16 size of a step
  per row (per output channel of a kernel); a row's largest weight has 127 steps.
- A weight is step times scale, which is exact in float32. So weights that were loaded from 8 bits
  are saved as the same steps and scales again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import torch
from safetensors.torch import load, save
from torch import Tensor

LARGEST_FILE = 44_000_000
"""Maximum size of a file of weights in bytes; a single larger tensor gets a larger file."""
FLOATS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
STORAGES = (*FLOATS, "int8")
STEPS = 127
ROWS = (2, 4)
"""Numbers of dimensions of matrices and of kernels."""
SCALE = ".scale"
HEADER, ENTRY = 1_000, 200
"""Maximum overhead in bytes: of a file, and of each tensor besides its name and values."""


def pack(weights: Mapping[str, Tensor], storage: str) -> dict[str, Tensor]:
    """Convert weights to the tensors that are stored.

    Args:
        weights: weights by name.
        storage: one of STORAGES.

    Raises:
        ValueError: the storage is unknown, or a weight to store in 8 bits is not finite.
    """
    if storage not in STORAGES:
        msg = f"unknown storage {storage!r}; expected one of {', '.join(STORAGES)}"
        raise ValueError(msg)
    packed: dict[str, Tensor] = {}
    for name, value in weights.items():
        here = value.detach().cpu()
        if storage == "int8" and here.is_floating_point() and here.ndim in ROWS:
            if not here.isfinite().all():
                msg = f"{name} is not finite; expected numbers, train again with a lower rate"
                raise ValueError(msg)
            packed[name], packed[name + SCALE] = to_steps(here)
        elif here.is_floating_point():
            packed[name] = here.to(FLOATS.get(storage, torch.float16)).contiguous()
        else:
            packed[name] = here.contiguous()
    return packed


def to_steps(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Int8 steps (rows, …) and float16 scales (rows,) of a finite weight (rows, …)."""
    matrix = weight.float().flatten(1)
    exact = matrix.abs().amax(dim=1) / STEPS
    # A subnormal float16 scale is too coarse to be recovered from the steps.
    bounds = torch.finfo(torch.float16)
    scale = exact.clamp(bounds.smallest_normal, bounds.max).half()
    steps = (matrix / scale.float()[:, None]).round().clamp(-STEPS, STEPS)
    return steps.to(torch.int8).view(weight.shape), scale


def unpack(stored: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield the weights of stored tensors; weights of 8 bits become float32.

    Raises:
        ValueError: steps have no scales.
    """
    for name, value in stored.items():
        if value.dtype == torch.int8:
            if name + SCALE not in stored:
                msg = f"{name} has no {name + SCALE}; expected its scales, copy the file again"
                raise ValueError(msg)
            steps, scale = value.float(), stored[name + SCALE].float()
            yield name, (steps.flatten(1) * scale[:, None]).view(value.shape)
        elif stored.get(name.removesuffix(SCALE), value).dtype != torch.int8:
            yield name, value


def to_files(stored: Mapping[str, Tensor], largest: int = LARGEST_FILE) -> dict[str, bytes]:
    """Safetensors by name: `model.safetensors`, or `model-00001-of-00003.safetensors` and so on.

    Args:
        stored: tensors by name, in any order.
        largest: maximum size of a file in bytes; a single larger tensor gets a larger file.
    """
    shards: list[dict[str, Tensor]] = [{}]
    space = largest - HEADER
    for name, value in sorted(stored.items()):
        need = value.nbytes + len(name.encode()) + ENTRY
        if need > space and shards[-1]:
            shards.append({})
            space = largest - HEADER
        shards[-1][name] = value
        space -= need
    count = len(shards)
    names = [f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]
    if count == 1:
        names = ["model.safetensors"]
    pairs = zip(names, shards, strict=True)
    return {name: save(shard, metadata={"format": "pt"}) for name, shard in pairs}


def from_files(files: Mapping[str, bytes]) -> dict[str, Tensor]:
    """Read what `to_files` wrote.

    Raises:
        SafetensorError: a file is not in the safetensors format.
    """
    return {name: value for data in files.values() for name, value in load(data).items()}


def is_weights_file(name: str) -> bool:
    """Whether a file name is one that `to_files` uses."""
    return bool(re.fullmatch(r"model(-\d{5}-of-\d{5})?\.safetensors", name))
