# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From the words of a caption to what it says (the parser itself follows)."""

from __future__ import annotations

from mmser_ros.memory.parsed import (
    PREDICATES,
    ActionMention,
    ParsedCaption,
    RelationMention,
    ThingMention,
)

__all__ = ["PREDICATES", "ActionMention", "ParsedCaption", "RelationMention", "ThingMention"]
