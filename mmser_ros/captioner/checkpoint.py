# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: a folder of config.json, model.safetensors and tokenizer.json.

config.json carries the SHA-256 of the other two, so a wrong, truncated or damaged file is
found and named when loading. The frozen vision tower is not stored: config.json says where its
weights come from.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load, save
from tokenizers import Tokenizer

from mmser_ros.captioner.confidence import Calibration
from mmser_ros.captioner.config import ConfigError, SpecialistConfig
from mmser_ros.captioner.specialist import Specialist
from mmser_ros.errors import MmserError

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"


class CheckpointError(MmserError):
    """A checkpoint that is missing, incomplete or damaged; the message names the file."""


def save_checkpoint(
    folder: Path, specialist: Specialist, tokenizer: Tokenizer, dtype: torch.dtype = torch.float16
) -> None:
    """Write a checkpoint; config.json comes last, so an interrupted save is no checkpoint.

    Args:
        folder: where to, made if need be; older files there are replaced.
        specialist: what to save.
        tokenizer: its vocabulary.
        dtype: of the weights on disk.
    """
    weights = {
        name: value.detach().to("cpu", dtype if value.is_floating_point() else None).contiguous()
        for name, value in specialist.state_dict().items()
        if name not in _tied(specialist)
    }
    files = {
        WEIGHTS: save(weights, metadata={"format": "pt"}),
        TOKENIZER: tokenizer.to_str(pretty=True).encode(),
    }
    _write(folder, specialist.config, files)


def save_calibrated(source: Path, folder: Path, calibrations: Sequence[Calibration]) -> None:
    """Write a checkpoint again with these calibrations in place of its own; weights stay as is.

    Args:
        source: the checkpoint.
        folder: where to, made if need be; it may be `source`.
        calibrations: one for each number of passes.

    Raises:
        CheckpointError: a file of the source is missing or damaged.
    """
    config, sums = _read_config(source / CONFIG)
    files = {name: _read_verified(source / name, sums.get(name)) for name in (WEIGHTS, TOKENIZER)}
    _write(folder, replace(config, calibrations=tuple(calibrations)), files)


def load_checkpoint(folder: Path) -> tuple[Specialist, Tokenizer]:
    """Load and verify a checkpoint, in float32 on the CPU and in eval mode.

    Raises:
        CheckpointError: a file is missing or damaged, or does not fit the configuration.
        ConfigError: the configuration names something unknown.
    """
    config, sums = _read_config(folder / CONFIG)
    data = {name: _read_verified(folder / name, sums.get(name)) for name in (WEIGHTS, TOKENIZER)}
    specialist = Specialist(config)
    try:
        # Copied into parameters of float32, whatever the file has.
        found = specialist.load_state_dict(load(data[WEIGHTS]), strict=False)
    except Exception as error:  # safetensors raises its own, torch a RuntimeError for shapes
        msg = f"{folder / WEIGHTS} does not fit {CONFIG}: {error}"
        raise CheckpointError(msg) from error
    lacking = set(found.missing_keys) - _tied(specialist)
    if lacking or found.unexpected_keys:
        msg = (
            f"{folder / WEIGHTS} does not fit {CONFIG}: it lacks {sorted(lacking)[:3]} and has "
            f"{found.unexpected_keys[:3]} that are not expected"
        )
        raise CheckpointError(msg)
    return specialist.eval(), Tokenizer.from_str(data[TOKENIZER].decode())


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


def _tied(specialist: Specialist) -> set[str]:
    return {"language_model.lm_head.weight"} if specialist.language_model.tied else set()


def _read_config(path: Path) -> tuple[SpecialistConfig, dict[str, str]]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return SpecialistConfig.from_json(json.dumps(fields["specialist"])), fields["sha256"]
    except (OSError, ValueError, TypeError, KeyError, ConfigError) as error:
        msg = (
            f"{path} is missing or damaged ({type(error).__name__}: {error}); a checkpoint is a "
            f"folder of {CONFIG}, {WEIGHTS} and {TOKENIZER}"
        )
        raise CheckpointError(msg) from error


def _read_verified(path: Path, expected: str | None) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}; copy the checkpoint again"
        raise CheckpointError(msg) from error
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        msg = (
            f"{path} is damaged or of another checkpoint: its SHA-256 is {found[:12]}…, "
            f"{CONFIG} says {str(expected)[:12]}…; copy the checkpoint again"
        )
        raise CheckpointError(msg)
    return data
