# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The questions that the demo asks the memory, and its answers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from mmser_ros.core.geometry import heading
from mmser_ros.msg import SceneMatch
from mmser_ros.nodes.common.scene_conversions import pose_from_message
from mmser_ros.srv import QueryScene

QUESTIONS = 3
EVERYTHING = 1000
"""More matches than the demo has objects."""


class Answer(NamedTuple):
    """A question and the best match of its answer."""

    question: str
    match: SceneMatch

    @property
    def degrees(self) -> float:
        """Heading of the pose in the answer, in degrees."""
        return math.degrees(heading(pose_from_message(self.match.pose.pose).orientation))

    def record(self) -> dict[str, Any]:
        """The answer for the JSON output, in metres and degrees."""
        match, at = self.match, self.match.pose.pose.position
        return {
            "question": self.question,
            "object": match.node.label,
            "pose": {
                "frame_id": match.pose.header.frame_id,
                "x": round(at.x, 2),
                "y": round(at.y, 2),
                "heading_deg": round(self.degrees, 1),
            },
            "caption": match.node.caption,
            "score": round(match.score, 3),
        }

    def __str__(self) -> str:
        match, at = self.match, self.match.pose.pose.position
        return (
            f"{self.question}  → stand at ({at.x:.1f}, {at.y:.1f}), facing {self.degrees:.0f}°; "
            f'seen {match.age:.0f} s ago: "{match.node.caption}"'
        )


def ask_questions(
    ask: Callable[[QueryScene.Request], QueryScene.Response], skip: Collection[str] = ()
) -> list[Answer]:
    """Ask for objects that the memory stores, until QUESTIONS are answered.

    So the demo works with any model. There are fewer answers only if the memory has few objects.

    Args:
        ask: calls ~/query.
        skip: labels that nobody asks for.
    """
    answers: list[Answer] = []
    known = ask(QueryScene.Request(k=EVERYTHING)).matches
    for label in choose([one for one in known if one.node.label not in skip]):
        found = ask(QueryScene.Request(text=label, k=1)).matches
        answers += [Answer(f"where is the {label}?", one) for one in found]
        if len(answers) == QUESTIONS:
            break
    return answers


def choose(objects: Sequence[SceneMatch]) -> list[str]:
    """Labels of objects, each once: first the most probable object of each caption."""
    before: Counter[str] = Counter()
    ranked = []
    for one in sorted(objects, key=lambda one: (-one.node.probability, one.node.id)):
        ranked.append((before[one.node.caption], one.node.label))
        before[one.node.caption] += 1
    return list(dict.fromkeys(label for _, label in sorted(ranked, key=lambda pair: pair[0])))
