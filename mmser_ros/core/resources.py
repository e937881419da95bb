# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What ships with the package, and where it lies: models, configuration, launch files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mmser_ros.core.errors import MmserError

DEFAULT_MODEL = "small"
"""Name of the shipped model that captions where no other is named."""


class ResourceError(MmserError):
    """A file that should have come with the package was not found."""


def share_roots() -> list[Path]:
    """Folders that may hold the shared files, the most specific first.

    The source tree comes first, then what `colcon` or apt installed (AMENT_PREFIX_PATH), then
    what pip installed under the prefix of the running Python.
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
    """Return the path of a shared file or folder, such as `config/caption.yaml`.

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
