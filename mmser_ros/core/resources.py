# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Paths of the files that ship with the package: models, configuration, launch files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mmser_ros.core.errors import MmserError

DEFAULT_MODEL = "small"
"""Name of the shipped model that is the default."""


class ResourceError(MmserError):
    """A file that ships with the package was not found."""


def share_roots() -> list[Path]:
    """Folders that may hold the shipped files, in order of precedence.

    First the source tree, then the prefixes of colcon and apt (AMENT_PREFIX_PATH), then the
    prefix of the running Python, for pip.
    """
    prefixes = [
        *filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)),
        sys.prefix,
    ]
    return [
        Path(__file__).resolve().parents[2],
        *(Path(prefix) / "share" / "mmser_ros" for prefix in prefixes),
    ]


def share_path(relative: str) -> Path:
    """Return the path of a shipped file or folder, such as `config/caption.yaml`.

    Raises:
        ResourceError: no root has it.
    """
    roots = share_roots()
    for root in roots:
        if (root / relative).exists():
            return root / relative
    msg = (
        f"{relative!r} was not found in {', '.join(map(str, roots))}; "
        "install the package again with 'pip install .' or 'colcon build'"
    )
    raise ResourceError(msg)
