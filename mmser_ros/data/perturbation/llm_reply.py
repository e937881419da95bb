# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parse and check a language model's answer with planted errors."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from mmser_ros.data.perturbation.perturb import PlantedError, PseudoInitialCaption
from mmser_ros.data.perturbation.substitutions import CATEGORIES

WORD = re.compile(r"\w+(?:[-'\u2019]\w+)*|[^\w\s]")
LONGEST_EDIT = 4
"""Maximum number of words of an error."""


class InvalidReply(ValueError):
    """An answer is not accepted; the message is for the model."""


def read_reply(caption: str, reply: str, most: int) -> PseudoInitialCaption:
    """Read a model's answer, and check that the listed errors are its only changes.

    Args:
        caption: the human caption.
        reply: text with a JSON object that follows SCHEMA.
        most: number of errors that were asked for.

    Returns:
        The caption with the errors; spacing is the caption's, articles are the answer's.

    Raises:
        InvalidReply: the answer is malformed, or has other changes.
    """
    errors, made = _parse(reply)
    if not 1 <= len(errors) <= most:
        msg = f"it has {len(errors)} errors, expected 1 to {most}"
        raise InvalidReply(msg)
    for error in errors:
        before, after = _normal(error.before), _normal(error.after)
        if error.category not in CATEGORIES:
            msg = f"{error.category!r} is no category; expected {', '.join(CATEGORIES)}"
            raise InvalidReply(msg)
        if before == after or not all(1 <= len(one) <= LONGEST_EDIT for one in (before, after)):
            msg = (
                f"{error.before!r} -> {error.after!r} is no error; expected one to "
                f"{LONGEST_EDIT} words that are replaced by others"
            )
            raise InvalidReply(msg)
    found = _align(_normal(caption), _normal(made), errors)
    if found is None:
        msg = "the captions differ in more, or in something else, than the errors say"
        raise InvalidReply(msg)
    return _rebuild(caption, made, found)


def _parse(reply: str) -> tuple[list[PlantedError], str]:
    try:
        answer = json.loads(reply[reply.index("{") : reply.rindex("}") + 1])
        errors = [
            PlantedError(one["category"], one["before"], one["after"]) for one in answer["errors"]
        ]
        texts = [answer["caption"], *(text for one in errors for text in vars(one).values())]
    except (ValueError, LookupError, TypeError) as error:
        msg = f"it is not the JSON that was asked for ({error!r})"
        raise InvalidReply(msg) from error
    if not all(isinstance(text, str) for text in texts):
        msg = "all its values must be strings"
        raise InvalidReply(msg)
    return errors, answer["caption"]


def _normal(text: str) -> list[str]:
    """Lower-case words, with "a" for both articles."""
    words = [word.lower() for word in WORD.findall(text)]
    return ["a" if word == "an" else word for word in words]


def _align(
    words: list[str], made: list[str], errors: Sequence[PlantedError], at: int = 0, shift: int = 0
) -> list[tuple[int, PlantedError]] | None:
    """Positions of the errors, in order, if they are the only differences; else None."""
    if not errors:
        return [] if words[at:] == made[at + shift :] else None
    for here in range(at, len(words)):
        for error in errors:
            before, after = _normal(error.before), _normal(error.after)
            there = here + shift
            end, made_end = here + len(before), there + len(after)
            if words[here:end] == before and made[there:made_end] == after:
                others = [one for one in errors if one is not error]
                rest = _align(words, made, others, end, made_end - end)
                if rest is not None:
                    return [(here, error), *rest]
        if made[here + shift : here + shift + 1] != words[here : here + 1]:
            return None
    return None


def _rebuild(
    caption: str, made: str, found: Sequence[tuple[int, PlantedError]]
) -> PseudoInitialCaption:
    """Put the errors into the caption, and keep its spacing and capital letters."""
    words, new_words = list(WORD.finditer(caption)), WORD.findall(made)
    starts = dict(found)
    text, errors, end, at, new_at = "", [], 0, 0, 0
    while at < len(words):
        first = words[at]
        error = starts.get(at)
        length = len(_normal(error.before)) if error else 1
        new_length = len(_normal(error.after)) if error else 1
        new = " ".join(new_words[new_at : new_at + new_length])
        if error is None and new.lower() not in ("a", "an"):
            new = first.group()
        if first.group()[0].isupper():
            new = new[0].upper() + new[1:]
        last = words[at + length - 1]
        if error:
            before = caption[first.start() : last.end()]
            errors.append(PlantedError(error.category, before, new))
        text += caption[end : first.start()] + new
        at, new_at, end = at + length, new_at + new_length, last.end()
    return PseudoInitialCaption(text + caption[end:], tuple(errors))
