# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Configurations that pydantic checks: frozen dataclasses whose errors are ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import wraps
from reprlib import repr as brief
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails
from typing_extensions import dataclass_transform

from mmser_ros.core.errors import MmserError

T = TypeVar("T")
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass_transform(frozen_default=True)
def checked(error: type[MmserError]) -> Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass that checks the types and ranges of its fields.

    `dataclasses.replace`, `asdict` and `fields` work as usual; `replace` checks, too.

    Args:
        error: what a wrong field raises, with its name, its value and what was expected.
    """

    def decorate(cls: type[T]) -> type[T]:
        made: Any = dataclass(frozen=True, config=STRICT)(cls)
        check = made.__init__

        @wraps(check)
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            try:
                check(self, *args, **kwargs)
            except ValidationError as found:
                raise error(_describe(found, made)) from None

        made.__init__ = init
        return made

    return decorate


def from_json(kind: type[T], text: str, what: str, error: type[MmserError]) -> T:
    """Read a configuration, and those in it, from JSON.

    Args:
        kind: its class, made by `checked`.
        text: the JSON text.
        what: how the message begins, such as "robot.json is no configuration".
        error: what a wrong text raises.
    """
    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError as found:
        msg = f"{what}: {_describe(found, kind)}"
        raise error(msg) from None


def _describe(found: ValidationError, kind: type) -> str:
    return "; ".join(_describe_one(one, kind) for one in found.errors(include_url=False))


def _describe_one(one: ErrorDetails, kind: type) -> str:
    path = one["loc"]
    if path and isinstance(path[0], int):  # a positional argument
        path = (fields(kind)[path[0]].name, *path[1:])
    name = ".".join(str(step) for step in path) or "the whole"
    if one["type"].startswith("missing"):
        return f"{name} is missing"
    if one["type"] == "unexpected_keyword_argument":
        known = [field.name for field in fields(_class_at(kind, path[:-1]))]
        alike = get_close_matches(str(path[-1]), known, n=1)
        return f"{name} is not known; " + (
            f"did you mean {alike[0]}?" if alike else f"expected some of {', '.join(known)}"
        )
    expected = one["msg"].removeprefix("Value error, ")
    if expected.startswith("Input should be "):
        expected = f"expected {expected.removeprefix('Input should be ')}"
        expected = expected.replace("expected greater", "expected a number greater")
        expected = expected.replace("expected less", "expected a number less")
    return f"{name} is {brief(one['input'])}; {expected}"


def _class_at(kind: Any, path: Sequence[int | str]) -> Any:
    """The class of the configuration that lies at a path in another one."""
    for step in path:
        kind = get_type_hints(kind).get(str(step), kind)
        kind = next(one for one in (kind, *get_args(kind)) if is_dataclass(one))
    return kind
