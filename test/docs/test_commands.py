# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands of `mmser` that the documentation shows are commands that `mmser` takes."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import typer
import yaml
from typer.exceptions import TyperException

from mmser_ros.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```bash\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
PLACEHOLDER = re.compile(r"<[^<>]+>")


def commands_of(page):
    """Each `mmser …` of the page's shell blocks, as words."""
    for block in BLOCK.findall(page.read_text()):
        for line in PLACEHOLDER.sub("given", block.replace("\\\n", " ")).splitlines():
            words = shlex.split(line, comments=True)
            starts = [at for at, word in enumerate(words) if word == "mmser"]
            for start, end in pairwise([*starts, len(words)]):
                yield [word for word in words[start + 1 : end] if word not in {"&", "&&", "|", ";"}]


def check(words):
    """Parse a command as `mmser` does, without running it.

    Raises:
        TyperException: `mmser` refuses it.
    """
    command, context = typer.main.get_command(app), None
    while hasattr(command, "get_command"):
        context = command.make_context("mmser", words[:1], context)
        name, command, _ = command.resolve_command(context, words)
        words = words[1:]
    context = command.make_context(name, words, context)
    for ros_argument in context.args:
        parameter, given, _ = ros_argument.partition(":=")
        if given and context.args[context.args.index(ros_argument) - 1] == "-p":
            file = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())
            known = file[f"/**/{name}_node"]["ros__parameters"]
            assert parameter in known, f"{name}_node has no parameter {parameter}"


SHOWN = [
    pytest.param(words, id=f"{page.relative_to(ROOT)}: {' '.join(words)}")
    for page in PAGES
    for words in commands_of(page)
]


@pytest.mark.parametrize("words", SHOWN)
def test_mmser_takes_what_the_documentation_shows(words):
    check(words)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "tutorials").glob("*.md")))
def test_tutorials_show_commands(page):
    assert list(commands_of(page))


@pytest.mark.parametrize(
    "line",
    [
        "caption",
        "caption a.jpg --no-such-option",
        "caption a.jpg --passes many",
        "memory forget a.sqlite",
        "no-such-command",
    ],
)
def test_a_wrong_command_would_be_found(line):
    with pytest.raises(TyperException):
        check(shlex.split(line))


def test_a_wrong_parameter_would_be_found():
    with pytest.raises(AssertionError, match="caption_node has no parameter pases"):
        check(shlex.split("run caption -p pases:=2"))
