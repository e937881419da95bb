# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ROS started with a node's command line, and what is wrong with that in words."""

from __future__ import annotations

import re
import sys
from ast import literal_eval
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from mmser_ros.core.errors import MmserError
from mmser_ros.nodes.common.dds_profile import use_large_shared_memory
from mmser_ros.nodes.common.parameter_files import is_for, read_sections

HELP = "after --ros-args, -p name:=value sets a parameter and -r from:=to remaps a topic"
NAMES = "names have letters, digits and _, between single /, and don't begin with a digit"
NOISE = (
    r"^[Ff]ailed to .*?: ",
    r",? at /\S+:\d+",
    r"\.? Error: (error not set|Expected lexeme .*)",
)
"""What rcl says that helps nobody."""
EXPECTED = {
    "remap": f"expected from:=to, such as image:=/camera/image_raw; {NAMES}",
    "parameter": "expected name:=value with a value in YAML, such as passes:=2",
    "log level": "expected debug, info, warn, error or fatal",
    "--params-file": "expected the path of a YAML file",
}
"""By what rcl could not parse."""


class CommandLineError(MmserError):
    """Arguments that ROS, or the node, does not understand."""


def start_ros(name: str, args: list[str] | None) -> None:
    """Initialize rclpy for a node's process, or end it with the reason why that can't be.

    Signals are left to the process: rclpy's handler would shut the context down under callbacks
    that are running.

    Args:
        name: of the node, for the reason.
        args: of the command line, the name of the program first; None: those of the process.
    """
    use_large_shared_memory()
    try:
        check_arguments(sys.argv if args is None else args)
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except MmserError as error:
        sys.exit(f"{name} can't start: {error}")
    except RuntimeError as error:  # rclpy's errors of rcl are no more than that
        sys.exit(f"{name} can't start: {_explained(str(error))}")


def check_arguments(argv: list[str]) -> None:
    """Raise an error for what is not a ROS argument, and for parameter files that can't be read.

    Raises:
        CommandLineError: there is something else than ROS arguments.
        ParameterFileError: see there.
        RuntimeError: of rclpy, for arguments that it can't parse.
    """
    for file in parameter_files(argv):
        read_sections(file)
    others = remove_ros_args(argv)[1:]
    if others:
        raise CommandLineError(_unknown(others))


def warn_of_idle_files(nodes: Sequence[Node], args: list[str] | None) -> None:
    """Log a warning for each parameter file that has parameters for other nodes only.

    Args:
        nodes: that they were given to.
        args: as for `start_ros`.
    """
    names = [one.get_fully_qualified_name() for one in nodes]
    for file in parameter_files(sys.argv if args is None else args):
        sections = read_sections(file)
        if sections and not any(is_for(one, name) for one in sections for name in names):
            found = ", ".join(sections)
            text = f"{file} has no parameters for {' and '.join(names)}, but for {found}"
            nodes[0].get_logger().warning(text)


def parameter_files(argv: list[str]) -> list[Path]:
    """Paths that follow --params-file."""
    return [Path(value) for name, value in pairwise(argv) if name == "--params-file"]


def _explained(text: str) -> str:
    """The words of rcl without its source files, and with what it expected."""
    if text.startswith("['"):  # rclpy's UnknownROSArgsError
        return _unknown(literal_eval(text))
    for one in NOISE:
        text = re.sub(one, "", text)
    what = text.split(": '")[0]
    cures = [cure for word, cure in EXPECTED.items() if word in what]
    return "; ".join([text.rstrip("., "), *cures[:1]])


def _unknown(arguments: list[str]) -> str:
    return f"unknown arguments: {' '.join(arguments)}; {HELP}"
