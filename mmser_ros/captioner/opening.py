# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From the value of `model` to a captioner, whatever its kind."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.protocol import CaptionModel
from mmser_ros.captioner.settings import ModelSettings
from mmser_ros.captioner.threads import use_threads
from mmser_ros.core.resources import DEFAULT_MODEL

MEMBERS = (
    *("name", "device", "quantize", "max_passes", "max_beams", "threads"),
    *("caption", "caption_passes", "degrade", "cancel"),
)
"""Of a `CaptionModel`."""


def open_captioner(
    model: str = DEFAULT_MODEL,
    *,
    device: str = "auto",
    quantize: str = "auto",
    threads: int | str | None = None,
    passes: int = 1,
    beams: int = 1,
    refine_below: float = 1.0,
    settings: ModelSettings | None = None,
) -> CaptionModel:
    """Open a captioner.

    Args:
        model: one of
            - `hf:NAME` or `hf:FOLDER`: a model of transformers, on the hub or in a folder;
            - `openai:NAME@URL`: a model behind an OpenAI-compatible server;
            - `python:MODULE.CLASS`: a class that makes a `CaptionModel`, called with the keyword
              options `device`, `quantize`, `passes`, `beams` and `settings`;
            - anything else: a model of this package, as `Captioner.load` takes it.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        quantize: `auto`, `none`, `bf16`, `fp16`, `int8` or `int4`.
        threads: number of CPU threads of this process, as `Captioner.load` takes it.
        passes: default number of passes.
        beams: default number of beams; 1 is greedy decoding.
        refine_below: confidence below which captions are refined, as `Captioner.load` takes it;
            1 for captioners from elsewhere.
        settings: settings of captioners from elsewhere; a model of this package has no use for
            them.

    Raises:
        CaptionerError: there is no such model or device, or an option is not for this model.
        CheckpointError: the checkpoint is incomplete or damaged.
        QuantizationError: the quantization does not run on the device.
    """
    settings = settings or ModelSettings()
    if threads is not None:
        use_threads(threads)
    if refine_below != 1.0 and is_from_elsewhere(model):
        msg = f"{model} refines all captions or none; leave refine_below out"
        raise CaptionerError(msg)
    kind, _, name = model.partition(":")
    options: dict[str, Any] = {"device": device, "quantize": quantize}
    options |= {"passes": passes, "beams": beams}
    if kind == "hf":
        from mmser_ros.captioner.hub import HubCaptioner

        return HubCaptioner(name, **options, settings=settings)
    if kind == "openai":
        name, url = _name_and_url(name)
        from mmser_ros.captioner.remote import RemoteCaptioner

        return RemoteCaptioner(name, url, passes=passes, beams=beams, settings=settings)
    if kind == "python":
        return _made_by(name, {**options, "settings": settings})
    settings.refuse(model)
    return Captioner.load(model, **options, refine_below=refine_below)


def is_from_elsewhere(model: str) -> bool:
    """Whether a value of `model` names a captioner that is no model of this package."""
    return model.partition(":")[0] in ("hf", "openai", "python")


def _name_and_url(text: str) -> tuple[str, str]:
    name, _, rest = text.partition("@http")
    if name and rest.startswith(("://", "s://")):
        return name, "http" + rest
    msg = f"model 'openai:{text}'; expected openai:NAME@URL, such as "
    msg += "openai:qwen2.5vl:3b@http://localhost:11434/v1"
    raise CaptionerError(msg)


def _made_by(path: str, options: dict[str, Any]) -> CaptionModel:
    """The captioner that a class of the user's makes."""
    make = _import(path)
    try:
        inspect.signature(make).bind(**options)
    except (TypeError, ValueError) as error:  # the latter of classes in C
        msg = f"{path} can't be called with {', '.join(options)} as keywords: {error}"
        raise CaptionerError(msg) from error
    captioner = make(**options)
    missing = [name for name in MEMBERS if not hasattr(captioner, name)]
    if missing:
        msg = f"what {path} makes has no {', '.join(missing)}; a captioner needs "
        msg += f"{', '.join(MEMBERS)}. AnsweringCaptioner has all of them"
        raise CaptionerError(msg)
    return captioner


def _import(path: str) -> Callable[..., CaptionModel]:
    module, _, name = path.rpartition(".")
    if not module or module.startswith("."):
        msg = f"model 'python:{path}'; expected python:MODULE.CLASS, such as "
        msg += "python:my_captioner.MyCaptioner"
        raise CaptionerError(msg)
    try:
        made = getattr(import_module(module), name, None)
    except ImportError as error:
        msg = f"can't import {module}: {error}; its folder must be on PYTHONPATH"
        raise CaptionerError(msg) from error
    if not callable(made):
        msg = f"{module} has no class {name}"
        raise CaptionerError(msg)
    return made
