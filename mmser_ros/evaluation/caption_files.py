# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption files: JSON of {set: {image: caption}}, from this package or elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmser_ros.core.errors import MmserError
from mmser_ros.data.picture_sets import PictureSet
from mmser_ros.data.set_files import read_json
from mmser_ros.evaluation.evaluate import ConfidentCaption, SetCaptions


class CaptionFileError(MmserError):
    """A file of captions that can't be read or written, or does not fit the images."""


def read_captions(path: Path) -> dict[str, dict[str, ConfidentCaption]]:
    """Read a file of captions.

    Returns:
        Set → image → caption.

    Raises:
        DatasetError: the file can't be read.
        CaptionFileError: it has another format.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not all(
        isinstance(some, dict) and all(isinstance(one, str) for one in some.values())
        for some in content.values()
    ):
        msg = f"{path} is not a file of captions; expected {{set: {{image: caption}}}}"
        raise CaptionFileError(msg)
    return {
        name: {picture: ConfidentCaption(caption) for picture, caption in some.items()}
        for name, some in content.items()
    }


def write_captions(path: Path, captions: SetCaptions) -> None:
    """Write a file for `read_captions`, atomically.

    Raises:
        CaptionFileError: it can't be written.
    """
    content = {
        name: {picture: one.text for picture, one in some.items()}
        for name, some in captions.items()
    }
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(fresh, path)
    except OSError as error:
        msg = f"can't write {path}: {error}; give --out a file in a folder that can be written to"
        raise CaptionFileError(msg) from error


def match_captions(
    captions: Mapping[str, SetCaptions], sets: Sequence[PictureSet]
) -> dict[str, dict[str, dict[str, ConfidentCaption]]]:
    """Select the images that every captioner has captioned.

    Args:
        captions: captioner → its captions.
        sets: the images; captions of others are left out.

    Returns:
        Captioner → set → image → caption, in the order of the images.

    Raises:
        CaptionFileError: a set has no image with a caption of each captioner.
    """
    shared = {}
    for one in sets:
        of_set = [some.get(one.name, {}) for some in captions.values()]
        shared[one.name] = [name for name in one.examples if all(name in some for some in of_set)]
        if not shared[one.name]:
            msg = (
                f"{', '.join(captions)}: no image of {one.name} {one.split} is in all of them; "
                f"expected names such as {next(iter(one.examples))}: check --split, or leave "
                f"{one.name} out by --sets"
            )
            raise CaptionFileError(msg)
    return {
        label: {of: {name: one[of][name] for name in names} for of, names in shared.items()}
        for label, one in captions.items()
    }
