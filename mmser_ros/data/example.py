# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What people said of one picture, whichever set it is from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """What is known of a picture.

    Attributes:
        set: the set that it is from.
        name: its file name in the set's tar.
        captions: human captions.
        labels: all of a closed list of classes that are there; None if nobody looked for them.
        scene: the room or kind of place.
        objects: some of what is there, not all of it.
        phrases: noun phrases that are true of it.
    """

    set: str
    name: str
    captions: tuple[str, ...] = ()
    labels: frozenset[str] | None = None
    scene: str | None = None
    objects: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
