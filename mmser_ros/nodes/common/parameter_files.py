# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameter files, read before ROS reads them: its own words for what is wrong help nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from reprlib import repr as brief
from typing import Any

import yaml

from mmser_ros.core.errors import MmserError

VALUES = "ros__parameters"
EXPECTED = f"expected a node's name, such as /**/caption_node, then {VALUES}, then name: value"


class ParameterFileError(MmserError):
    """A parameter file that is missing, or that ROS could not read."""


def read_sections(path: Path) -> dict[str, dict[str, Any]]:
    """Read what a parameter file has for whom.

    Returns:
        Parameters by name (values as they are written), by the pattern of the nodes they are for,
        such as `/**/caption_node`.

    Raises:
        ParameterFileError: it is not there, or not laid out as ROS wants it.
    """
    if not path.is_file():
        what = "it is a folder" if path.is_dir() else "there is no such file"
        msg = f"no parameter file {path}: {what}"
        raise ParameterFileError(msg)
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        msg = f"parameter file {path} can't be read as YAML: {reason}"
        raise ParameterFileError(msg) from error
    if document is None:
        return {}
    return dict(_sections(path, "", document))


def is_for(pattern: str, node: str) -> bool:
    """Whether a section is for a node.

    Args:
        pattern: of the section; `*` is any one name in it, `**` any number of them.
        node: the node's full name, such as `/robot1/caption_node`.
    """
    parts = [part for part in pattern.split("/") if part]
    spelt = (
        r"(/\w+)*" if one == "**" else r"/\w+" if one == "*" else f"/{re.escape(one)}"
        for one in parts
    )
    return re.fullmatch("".join(spelt), node) is not None


def _sections(path: Path, name: str, found: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(found, dict):
        at = f"{name or 'it'} is {brief(found)}" if found else f"{name or 'it'} holds nothing"
        msg = f"parameter file {path}: {at}; {EXPECTED}"
        raise ParameterFileError(msg)
    for key, value in found.items():
        if key != VALUES:
            yield from _sections(path, f"{name}/{str(key).strip('/')}", value)
        elif isinstance(value, dict) and name:
            yield name, value
        else:
            where = f"in {name}" if name else "without the name of a node"
            msg = f"parameter file {path}: {VALUES} {where} is {brief(value)}; {EXPECTED}"
            raise ParameterFileError(msg)
