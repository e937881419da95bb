# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The JSON files of annotations of a set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmser_ros.data.example import Example
from mmser_ros.data.tar_pictures import DatasetError

OBJECT_SETS = frozenset({"cats_dogs"})
"""Sets whose single label is an object; in other sets a single label is a scene."""


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        DatasetError: it can't be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"can't read {path}: {error}; expected a JSON file in UTF-8"
        raise DatasetError(msg) from error


def read_examples(folder: Path, split: str) -> dict[str, Example]:
    """Read the annotations of one split, whether or not the images exist.

    Args:
        folder: the set's folder; its name is the name of the set.
        split: `train` or `dev`.

    Returns:
        Image name → example, sorted by name.

    Raises:
        DatasetError: no file exists, or one is not as described in FILES.
    """
    found: dict[str, dict[str, Any]] = {}
    there = False
    for kind, reader in FILES.items():
        path = folder / f"{split}_{kind}.json"
        if not path.is_file():
            continue
        there = True
        content = read_json(path)
        if not isinstance(content, dict):
            msg = f"{path} is a {type(content).__name__}; expected {{image name: {kind}}}"
            raise DatasetError(msg)
        for name, value in content.items():
            try:
                fields = reader(folder.name, value)
            except (TypeError, ValueError) as error:
                msg = f"{path} has {value!r:.80} for {name}; expected {error}"
                raise DatasetError(msg) from error
            found.setdefault(name, {}).update(fields)
    if not there:
        expected = ", ".join(f"{split}_{kind}.json" for kind in FILES)
        msg = f"{folder} has no annotations; expected one or more of {expected}"
        raise DatasetError(msg)
    return {name: Example(folder.name, name, **found[name]) for name in sorted(found)}


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        msg = "a list of strings"
        raise TypeError(msg)
    return tuple(value)


def _labels(of_set: str, value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"objects": (value,)} if of_set in OBJECT_SETS else {"scene": value}
    if isinstance(value, list):
        return {"labels": frozenset(_strings(value))}
    if not isinstance(value, dict) or not isinstance(value.get("scene"), str):
        msg = "a list of classes, one label, or {scene, objects: [[name, box …], …]}"
        raise TypeError(msg)
    boxed = value.get("objects") or []
    if not isinstance(boxed, list) or not all(isinstance(one, list) and one for one in boxed):
        msg = "objects as [[name, left, top, right, bottom], …]"
        raise TypeError(msg)
    seen = dict.fromkeys(_strings([one[0] for one in boxed]))
    return {"scene": value["scene"], **({"objects": tuple(seen)} if seen else {})}


FILES: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "captions": lambda _, value: {"captions": _strings(value)},
    "labels": _labels,
    "objects": lambda _, value: {"objects": _strings(value)},
    "phrases": lambda _, value: {"phrases": _strings(value)},
}
"""`<split>_<kind>.json` is {image name: value}. A value of `captions`, `objects` or `phrases` is
a list of strings. A value of `labels` is the list of all classes in the image, one label, or
{scene, objects: [[name, left, top, right, bottom], …]}."""
