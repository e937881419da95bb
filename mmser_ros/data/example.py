# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Annotations of one image, in one form for all sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """The annotations of an image.

    Attributes:
        set: name of its set.
        name: its file name in the set's tar.
        captions: human captions.
        labels: its classes of a closed list, complete; None if it was not labelled.
        scene: the room or kind of place.
        objects: objects in it, incomplete.
        phrases: noun phrases that are true of it.
    """

    set: str
    name: str
    captions: tuple[str, ...] = ()
    labels: frozenset[str] | None = None
    scene: str | None = None
    objects: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
