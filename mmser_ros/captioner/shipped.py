# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Models that ship with the package, and the search for checkpoints."""

from __future__ import annotations

from pathlib import Path

from mmser_ros.captioner.checkpoint import CONFIG
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.core.resources import share_roots


def find_model(model: str) -> Path:
    """The checkpoint folder of a shipped model's name or of a path.

    Raises:
        CaptionerError: it is neither; the message lists the shipped models.
    """
    places = [Path(model).expanduser(), *(root / "models" / model for root in share_roots())]
    for place in places:
        if (place / CONFIG).is_file():
            return place
    msg = (
        f"no model {model!r}; expected one of {', '.join(shipped_models()) or 'none installed'}, "
        f"or a folder with {CONFIG}"
    )
    if model.startswith(("hf:", "openai:", "python:")):
        msg += "; this command needs a model of this package"
    raise CaptionerError(msg)


def shipped_models() -> list[str]:
    """Names of the models that came with the package."""
    return sorted(
        {path.parent.name for r in share_roots() for path in r.glob(f"models/*/{CONFIG}")}
    )
