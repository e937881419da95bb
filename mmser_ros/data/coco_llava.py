# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Readers of images with annotations in COCO's or LLaVA's format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmser_ros.core.images import load_picture
from mmser_ros.data.datasets import DatasetError, Flickr8k, PictureReader

FORMS = (
    "a folder with <split>.tar and <split>_captions.json (Flickr8k), a folder with "
    "annotations/captions_<split>*.json and <split>*/ (COCO), or a JSON file of COCO captions or "
    "of LLaVA's [{image, conversations}]"
)


class AnnotatedFolder(PictureReader):
    """Images in a folder and their captions in one JSON file.

    COCO's is {images: [{id, file_name}], annotations: [{image_id, caption}]}; LLaVA's is a list of
    {image, conversations: [{from: human or gpt, value}]}, where the first answer is the caption.
    Records without an image and images without captions are left out.
    """

    def __init__(self, annotations: Path, images: Path) -> None:
        """Read the annotations.

        Args:
            annotations: the JSON file.
            images: the folder that its file names are relative to.

        Raises:
            DatasetError: the file can't be read, or has neither format.
        """
        self.split = annotations.stem
        self.corrupt = []
        self._images = images
        self.captions = {}
        try:
            content = json.loads(annotations.read_text(encoding="utf-8"))
            for name, caption in _llava(content) if isinstance(content, list) else _coco(content):
                if not isinstance(name, str) or not isinstance(caption, str):
                    msg = f"{name!r} has the caption {caption!r}"
                    raise TypeError(msg)
                self.captions.setdefault(name, []).append(caption)
            if not self.captions:
                msg = "no captioned image"
                raise ValueError(msg)
        except (OSError, ValueError, KeyError, TypeError) as error:
            msg = f"can't read {annotations} ({type(error).__name__}: {error}); expected {FORMS}"
            raise DatasetError(msg) from error

    def picture(self, name: str) -> np.ndarray:
        """As `PictureReader.picture`."""
        return load_picture(self._images / name)


def open_data(data: Path, split: str, images: Path | None = None) -> PictureReader:
    """Open captioned images; the format is detected.

    Args:
        data: one of FORMS.
        split: which part of a folder: `train`, `dev`, `val`, ….
        images: folder of the images of a JSON file; default: its own folder.

    Raises:
        DatasetError: it is none of FORMS, or damaged.
    """
    if data.is_file():
        return AnnotatedFolder(data, images or data.parent)
    annotations = sorted(data.glob(f"annotations/captions_{split}*.json"))
    if len(annotations) == 1:
        folder = annotations[0].stem.removeprefix("captions_")
        return AnnotatedFolder(annotations[0], images or data / folder)
    if annotations:
        msg = f"{data} has {len(annotations)} files for {split}; expected one: give its path"
        raise DatasetError(msg)
    if not (data / f"{split}_captions.json").is_file():
        msg = f"no captioned images {data} of split {split}; expected {FORMS}"
        raise DatasetError(msg)
    return Flickr8k(data, split)


def _coco(content: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    names = {one["id"]: one["file_name"] for one in content["images"]}
    for one in content["annotations"]:
        yield names[one["image_id"]], one["caption"]


def _llava(content: list[dict[str, Any]]) -> Iterator[tuple[Any, Any]]:
    for one in content:
        if "image" in one:
            answers = (turn["value"] for turn in one["conversations"] if turn["from"] == "gpt")
            yield one["image"], next(answers, None)
