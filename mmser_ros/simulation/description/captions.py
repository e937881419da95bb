# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sentences: short captions as in COCO, and detailed ones of several sentences."""

from __future__ import annotations

from collections.abc import Sequence

from mmser_ros.simulation.description.main_objects import Group
from mmser_ros.simulation.description.relations import SAID, Link
from mmser_ros.simulation.description.speaker import Speaker, listed
from mmser_ros.simulation.description.wording import with_article

SHORT, DETAILED = (2, 3, 3, 3, 4, 4), (6, 7, 8, 9)
"""How many groups a caption names."""
ON_WALL = frozenset({"picture", "mirror", "clock", "towel"})
NAMES_ROOM = 0.75
"""Share of short captions that name an evident room."""


def short_caption(
    speaker: Speaker, groups: Sequence[Group], links: Sequence[Link], room: str | None
) -> str:
    """One sentence without an end: "a kitchen with a red mug on a table and two chairs"."""
    units = _units(speaker, groups, links, SHORT[int(speaker.random.integers(len(SHORT)))])
    named = room if room is not None and speaker.chance(NAMES_ROOM) else None
    if not units:
        return (
            speaker.pick("a wall", "an empty wall", "a plain wall")
            if named is None
            else (f"a wall in {with_article(named)}")
        )
    text = listed(units)
    if named is None:
        first = speaker.said[0]
        there = "there are" if speaker.is_plural(first) else "there is"
        return speaker.pick(text, text, text, f"{there} {text}", f"a room with {text}")
    a_room = with_article(named)
    if len(units) == 1 and speaker.chance(0.6):
        return f"{text} in {speaker.pick(a_room, f'the {named}')}"
    return speaker.pick(
        f"{a_room} with {text}", f"{a_room} with {text}", f"a view of {a_room} with {text}",
        f"{text} in {a_room}",
    )  # fmt: skip


def detailed_caption(
    speaker: Speaker, groups: Sequence[Group], links: Sequence[Link], room: str | None
) -> str:
    """Several sentences: the room and its main objects, what is on them, and the rest."""
    wanted = DETAILED[int(speaker.random.integers(len(DETAILED)))]
    held = {one.subject.numbers for one in links if one.supports and one.object in groups}
    free = [one for one in groups if one.numbers not in held]
    sentences = _opening(speaker, free[: int(speaker.random.integers(2, 4))], room)
    alone: list[Group] = []
    for group in groups:
        if len(speaker.said) + len(alone) >= wanted:
            break
        if speaker.has_said_kind(group):
            continue
        link = _of_subject(speaker, group, links)
        if link is not None:
            sentences.append(_with_its_like(speaker, link, links))
        elif group.name in ON_WALL:
            text = speaker.name(group)
            sentences.append(
                f"{text} {'hang' if speaker.is_plural(group) else 'hangs'} on the wall"
            )
        else:
            alone.append(group)
    alone = [one for one in alone if not speaker.has_said_kind(one)]
    for first in range(0, len(alone), 2):
        text = listed(_names(speaker, alone[first : first + 2]))
        are = "are" if speaker.is_plural(alone[first]) else "is"
        sentences.append(f"there {are} {speaker.pick('', 'also ')}{text}")
    if not sentences:
        return speaker.pick("A plain wall.", "An empty wall.")
    return " ".join(f"{one[0].upper()}{one[1:]}." for one in sentences)


def _opening(speaker: Speaker, groups: Sequence[Group], room: str | None) -> list[str]:
    """The first sentence, if there is something to say."""
    first = listed(_names(speaker, groups))
    if room is not None:
        a_room = with_article(room)
        if not first:
            return [f"a view of {a_room}"]
        return [speaker.pick(f"{a_room} with {first}", f"this is {a_room} with {first}")]
    if not first:
        return []
    are = "are" if speaker.is_plural(speaker.said[0]) else "is"
    return [speaker.pick(f"a room with {first}", f"there {are} {first}")]


def _names(speaker: Speaker, groups: Sequence[Group]) -> list[str]:
    """Noun phrases of groups; of a kind that stands twice, the first alone."""
    kinds = {one.name: one for one in reversed(groups)}
    return [speaker.name(one) for one in groups if kinds[one.name] is one]


def _units(
    speaker: Speaker, groups: Sequence[Group], links: Sequence[Link], wanted: int
) -> list[str]:
    """Noun phrases, with a relation or alone; those with a relation come first."""
    joined: list[str] = []
    alone: list[str] = []
    for group in groups:
        if len(speaker.said) >= wanted:
            break
        if speaker.has_said_kind(group):
            continue
        link = _choose(speaker, group, links)
        if link is not None and len(speaker.said) + 2 <= wanted + 1:
            joined.append(speaker.joined(link))
        else:
            hangs = group.name in ON_WALL and speaker.chance(0.4)
            (joined if hangs else alone).append(speaker.name(group) + " on the wall" * hangs)
    return [*joined, *alone]


def _choose(speaker: Speaker, group: Group, links: Sequence[Link]) -> Link | None:
    """A relation of a group with one that is not yet named; None if the person says none."""
    for link in links:
        ends = (link.subject, link.object)
        if group not in ends or any(map(speaker.has_said_kind, ends)):
            continue
        if speaker.chance(SAID[link.predicate] * (1.0 if link.subject is group else 0.6)):
            return link
    return None


def _of_subject(speaker: Speaker, group: Group, links: Sequence[Link]) -> Link | None:
    """A relation whose subject is a group; None if the person says none."""
    for link in links:
        known = speaker.has_said(link.object) or not speaker.has_said_kind(link.object)
        says = known and speaker.chance(min(1.0, 1.2 * SAID[link.predicate]))
        if link.subject is group and says:
            return link
    return None


def _with_its_like(speaker: Speaker, link: Link, links: Sequence[Link]) -> str:
    """Say a relation, together with another group that lies on the same object."""
    alike = [
        one.subject
        for one in links
        if link.supports
        and one.object is link.object
        and one.predicate == link.predicate
        and one.subject is not link.subject
        and one.subject.name != link.subject.name
        and not speaker.has_said_kind(one.subject)
    ]
    members = [link.subject, *alike[:1]]
    predicate = speaker.predicate(link)
    form = speaker.pick("inverted", "there", "verb", "verb")
    goal = speaker.name(link.object) if form == "inverted" else ""
    text = listed([speaker.name(one) for one in members])
    goal = goal or speaker.name(link.object)
    several = len(members) > 1 or speaker.is_plural(members[0])
    if form == "inverted":
        are = "are" if speaker.is_plural(members[0]) else "is"
        return f"{predicate} {goal} there {are} {text}"
    if form == "there":
        return f"there {'are' if several else 'is'} {text} {predicate} {goal}"
    verbs = ("sits", "lies", "is") if link.supports else ("stands", "is")
    verb = speaker.pick(*verbs)
    if several:
        verb = {"is": "are"}.get(verb, verb.removesuffix("s"))
    return f"{text} {verb} {predicate} {goal}"
