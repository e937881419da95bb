# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: a folder of config.json, tokenizer.json and model.safetensors.

Large weights are split: model-00001-of-00003.safetensors and so on (format: see `weights`).
config.json holds the SHA-256 of the other files, so that loading finds and names a damaged one. The
frozen vision tower is not stored: config.json says where its weights come from.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from mmser_ros.captioner.confidence import Calibration
from mmser_ros.captioner.config import ConfigError, SpecialistConfig
from mmser_ros.captioner.model.int8_linear import Int8Linear
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.weights import (
    LARGEST_FILE,
    SCALE,
    from_files,
    is_weights_file,
    pack,
    to_files,
    unpack,
)
from mmser_ros.core.errors import MmserError

CONFIG, TOKENIZER = "config.json", "tokenizer.json"


class CheckpointError(MmserError):
    """A checkpoint that is missing, incomplete or damaged; the message names the file."""


def save_checkpoint(
    folder: Path,
    specialist: Specialist,
    tokenizer: Tokenizer,
    *,
    dtype: str = "float16",
    largest: int = LARGEST_FILE,
) -> None:
    """Write a checkpoint; config.json is written last, so an interrupted save is not loadable.

    Args:
        folder: checkpoint folder; it is created, or an older checkpoint in it is replaced.
        specialist: the model to save.
        tokenizer: its vocabulary.
        dtype: storage of the weights: `float32`, `float16`, `bfloat16` or `int8`, see `weights`.
        largest: maximum bytes of a file of weights; a larger tensor gets a larger file.

    Raises:
        CheckpointError: the dtype is unknown or can't hold the weights.
    """
    state = specialist.state_dict()
    kept = {name: value for name, value in state.items() if name not in _tied(specialist)}
    try:
        weights = to_files(pack(kept, dtype), largest)
    except ValueError as error:
        msg = f"{folder} is not written: {error}"
        raise CheckpointError(msg) from error
    vocabulary = tokenizer.to_str(pretty=True).encode()
    _write(folder, specialist.config, {**weights, TOKENIZER: vocabulary})


def save_calibrated(
    source: Path, folder: Path, calibrations: Sequence[Calibration], *, domain: bool = False
) -> None:
    """Copy a checkpoint, with these calibrations in place of its own.

    Args:
        source: the checkpoint.
        folder: checkpoint folder to write; it may be `source`.
        calibrations: one per number of passes.
        domain: whether they are for images of the model's domain.

    Raises:
        CheckpointError: a file of the source is missing or damaged, or the model has no domain.
    """
    config, sums = _read_config(source / CONFIG)
    changed = replace(config, calibrations=tuple(calibrations))
    if domain:
        if not config.words or not config.words.domain:
            msg = f"{source} has no domain; expected a model trained by `mmser train domain`"
            raise CheckpointError(msg)
        own = replace(config.words.domain, calibrations=tuple(calibrations))
        changed = replace(config, words=replace(config.words, domain=own))
    files = {name: _read_verified(source / name, known) for name, known in sums.items()}
    _write(folder, changed, files)


def read_config(folder: Path) -> SpecialistConfig:
    """The configuration of a checkpoint.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    return _read_config(folder / CONFIG)[0]


def load_checkpoint(folder: Path, *, int8: bool = False) -> tuple[Specialist, Tokenizer]:
    """Load and verify a checkpoint, on the CPU and in eval mode.

    Args:
        folder: the checkpoint.
        int8: whether linear layers become `Int8Linear`, one by one, so that their float32 weights
            are never in memory together; other weights are float32.

    Raises:
        CheckpointError: a file is missing or damaged, or does not fit the configuration.
        ConfigError: the configuration names something unknown.
    """
    config, sums = _read_config(folder / CONFIG)
    tokenizer = Tokenizer.from_str(_read_verified(folder / TOKENIZER, sums.pop(TOKENIZER)).decode())
    specialist = Specialist(config, initialise=False)
    names = ", ".join(sums)
    stored: dict[str, Tensor] = {}
    for name, known in sums.items():
        data = _read_verified(folder / name, known)
        try:
            stored.update(from_files({name: data}))
        except Exception as error:  # safetensors raises its own classes
            msg = f"{folder}: {name} is not a safetensors file: {error}"
            raise CheckpointError(msg) from error
    try:
        _fill(specialist, stored, int8=int8)
    except (ValueError, RuntimeError) as error:
        msg = f"{folder}: {names} does not fit {CONFIG}: {error}"
        raise CheckpointError(msg) from error
    return specialist.eval(), tokenizer


def _fill(specialist: Specialist, stored: dict[str, Tensor], *, int8: bool) -> None:
    """Move stored weights into a model one by one, to save memory; `stored` is empty then.

    Raises:
        ValueError: weights are missing, unknown or of another shape.
    """
    weights = specialist.state_dict()
    lacking = weights.keys() - _tied(specialist)
    layers = _linear_layers(specialist) if int8 else {}
    names = [one for one in stored if one.removesuffix(SCALE) not in stored.keys() - {one}]
    for name in sorted(names, key=layers.__contains__):  # these last: they take their biases along
        parts = {one: stored.pop(one) for one in (name, name + SCALE) if one in stored}
        shape = parts[name].shape
        if name not in weights:
            msg = f"it has an unexpected weight {name}"
            raise ValueError(msg)
        if shape != weights[name].shape:
            msg = f"{name} is {tuple(shape)}; expected {tuple(weights[name].shape)}"
            raise ValueError(msg)
        lacks_scales = parts[name].dtype == torch.int8 and len(parts) == 1  # which `unpack` names
        if name in layers and not lacks_scales:
            parent, own = layers[name]
            bias = weights.get(name.removesuffix("weight") + "bias")
            setattr(parent, own, Int8Linear(parts[name], bias, parts.get(name + SCALE)))
        else:
            ((_, value),) = unpack(parts)
            weights[name].copy_(value)
        lacking.discard(name)
    if lacking:
        msg = f"the weights {sorted(lacking)[:3]} are missing"
        raise ValueError(msg)


def _linear_layers(specialist: Specialist) -> dict[str, tuple[nn.Module, str]]:
    """By the name of its weight, where each linear layer is: its parent, and its name there."""
    return {
        f"{path}.{name}.weight": (parent, name)
        for path, parent in specialist.named_modules()
        for name, child in parent.named_children()
        if type(child) is nn.Linear
    }


def _write(folder: Path, config: SpecialistConfig, files: dict[str, bytes]) -> None:
    fields = {
        "specialist": json.loads(config.to_json()),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    text = json.dumps(fields, indent=2) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in {**files, CONFIG: text.encode()}.items():
        fresh = folder / f"{name}.new"
        fresh.write_bytes(data)
        os.replace(fresh, folder / name)
    for path in folder.iterdir():  # remove weights of an older checkpoint
        if is_weights_file(path.name) and path.name not in files:
            path.unlink()


def _tied(specialist: Specialist) -> set[str]:
    return {"language_model.lm_head.weight"} if specialist.language_model.tied else set()


def _read_config(path: Path) -> tuple[SpecialistConfig, dict[str, str]]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        sums = dict(fields["sha256"])
        if TOKENIZER not in sums or not all(is_weights_file(n) for n in sums.keys() - {TOKENIZER}):
            msg = f"files {sorted(sums)}"
            raise ValueError(msg)
        return SpecialistConfig.from_json(json.dumps(fields["specialist"])), sums
    except (OSError, ValueError, TypeError, KeyError, ConfigError) as error:
        msg = (
            f"{path} is missing or damaged ({type(error).__name__}: {error}); a checkpoint is a "
            f"folder of {CONFIG}, {TOKENIZER} and model.safetensors, or model-00001-of-… and so on"
        )
        raise CheckpointError(msg) from error


def _read_verified(path: Path, expected: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}; copy the checkpoint again"
        raise CheckpointError(msg) from error
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        msg = (
            f"{path} is damaged or from another checkpoint: its SHA-256 is {found[:12]}…, "
            f"{CONFIG} says {expected[:12]}…; copy the checkpoint again"
        )
        raise CheckpointError(msg)
    return data
