# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters as tables: name, default, description, range, and whether they change at run time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node


@dataclass(frozen=True)
class Parameter:
    """One ROS parameter.

    Attributes:
        name: as in the YAML file.
        default: its value where nothing is set; its type is the parameter's.
        description: what it does, with units.
        least: smallest value of a number.
        greatest: largest value of a number.
        choices: the values a string may have; empty: any.
        fixed: set at start, can't change at run time.
    """

    name: str
    default: bool | int | float | str
    description: str
    least: float | None = None
    greatest: float | None = None
    choices: tuple[str, ...] = ()
    fixed: bool = False

    def descriptor(self) -> ParameterDescriptor:
        """What `ros2 param describe` shows; rclpy enforces the range and `read_only`."""
        message = ParameterDescriptor(description=self.description, read_only=self.fixed)
        if self.choices:
            message.additional_constraints = f"one of {', '.join(self.choices)}"
        if self.least is None or self.greatest is None:
            return message
        if isinstance(self.default, int):
            span = IntegerRange(from_value=int(self.least), to_value=int(self.greatest), step=1)
            message.integer_range = [span]
        else:
            span = FloatingPointRange(from_value=self.least, to_value=self.greatest)
            message.floating_point_range = [span]
        return message


def declare(node: Node, parameters: Iterable[Parameter]) -> None:
    """Declare parameters on a node.

    Raises:
        ValueError: a string set at start is none of its choices (rclpy raises its own
            InvalidParameterValueException for a number out of range, or a wrong type).
    """
    for parameter in parameters:
        node.declare_parameter(parameter.name, parameter.default, parameter.descriptor())
        value = node.get_parameter(parameter.name).value
        if parameter.choices and value not in parameter.choices:
            msg = (
                f"parameter {parameter.name} is {value!r}; "
                f"expected one of {', '.join(parameter.choices)}"
            )
            raise ValueError(msg)
