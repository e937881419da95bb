# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ROS parameters as tables: each is declared once, with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter as Given


@dataclass(frozen=True)
class Parameter:
    """One ROS parameter: descriptor, YAML file, launch argument and documentation come from it.

    Attributes:
        name: as in the YAML file.
        default: its value where nothing is set; its type is the parameter's.
        description: what it does.
        unit: of a number, such as m; empty: it has none.
        minimum: smallest value of a number.
        maximum: largest value of a number.
        choices: the values a string may have; empty: any. With `minimum` and `maximum` it may be
            a whole number between them instead.
        read_only: set at start, can't change at run time.
        launch: whether it is an argument of the launch file, too.
    """

    name: str
    default: bool | int | float | str
    description: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False
    launch: bool = False

    def descriptor(self) -> ParameterDescriptor:
        """What `ros2 param describe` shows; rclpy enforces the range and `read_only`."""
        unit = f" Unit: {self.unit}." if self.unit else ""
        message = ParameterDescriptor(description=self.description + unit, read_only=self.read_only)
        if self.choices:
            message.additional_constraints = self.expected()
        message.dynamic_typing = self._is_choice_or_number()
        if self.minimum is None or self.maximum is None or message.dynamic_typing:
            return message
        if isinstance(self.default, int):
            span = IntegerRange(from_value=int(self.minimum), to_value=int(self.maximum), step=1)
            message.integer_range = [span]
        else:
            span = FloatingPointRange(from_value=self.minimum, to_value=self.maximum)
            message.floating_point_range = [span]
        return message

    def expected(self) -> str:
        """Which values it may have, in words."""
        span = "" if self.minimum is None else f" from {self.minimum:.10g} to {self.maximum:.10g}"
        if self._is_choice_or_number():
            return f"{' or '.join(self.choices)}, or a whole number{span}"
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        kinds = {bool: "true or false", int: f"a whole number{span}", str: "text, such as '7'"}
        return kinds.get(type(self.default), f"a number{span}, such as {self.default}")

    def check(self, value: Any) -> None:
        """Raise ValueError, which says what was expected, if this can't be its value."""
        if self._is_choice_or_number():
            right = value in self.choices or (type(value) is int and self._in_range(value))
        else:
            right = type(value) is type(self.default) and self._in_range(value)
            right = right and (not self.choices or value in self.choices)
        if not right:
            msg = f"parameter {self.name} is {value!r}; expected {self.expected()}"
            raise ValueError(msg)

    def parse(self, text: str) -> bool | int | float | str:
        """Read a value from a text, as from a launch argument.

        Raises:
            ValueError: it can't be its value; says what was expected.
        """
        value: Any = text
        kind = int if self._is_choice_or_number() else type(self.default)
        if kind is bool:
            value = {"true": True, "false": False}.get(text.lower(), text)
        elif text not in self.choices:
            with suppress(ValueError):
                value = kind(text)
        self.check(value)
        return value

    def _is_choice_or_number(self) -> bool:
        return bool(self.choices) and self.minimum is not None

    def _in_range(self, value: Any) -> bool:
        if isinstance(value, float) and not isfinite(value):
            return False
        return self.minimum is None or self.maximum is None or self.minimum <= value <= self.maximum


AUTOSTART = Parameter(
    "autostart", True, "Configure and activate at start, without a manager.", read_only=True
)
DIAGNOSTICS_PERIOD = Parameter(
    "diagnostics_period",
    0.5,
    "Time between two messages on /diagnostics.",
    unit="s",
    minimum=0.05,
    maximum=60.0,
    read_only=True,
)


def declare(node: Node, parameters: Iterable[Parameter]) -> None:
    """Declare parameters on a node, at start and for changes; unknown ones are warned of.

    Raises:
        ValueError: a value set at start can't be; says of which parameter, and what was expected.
    """
    table = {one.name: one for one in parameters}
    given: dict[str, Given] = node._parameter_overrides  # there is no public way to all of them
    for name in given:
        if name not in table and not node.has_parameter(name):
            alike = get_close_matches(name, table, n=1)
            hint = f"did you mean {alike[0]}?" if alike else "ros2 param list shows all there are"
            node.get_logger().warning(f"unknown parameter {name}; {hint}")
    for name, parameter in table.items():
        if name in given:
            parameter.check(given[name].value)
        node.declare_parameter(name, parameter.default, parameter.descriptor())

    def check(changes: Iterable[Given]) -> SetParametersResult:
        try:
            for change in changes:
                if change.name in table:
                    table[change.name].check(change.value)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(check)
