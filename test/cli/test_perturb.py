# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser perturb`, offline and by a language model."""

import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from typer.testing import CliRunner

from mmser_ros.cli.main import app
from mmser_ros.core.errors import MmserError
from test.core.chat_stub import Answer, ChatStub
from test.training.conftest import write_split


@pytest.fixture
def folder(tmp_path):
    write_split(tmp_path, "dev", 4)
    return tmp_path


def perturb(folder, *options, maker="lexicon"):
    arguments = ["perturb", maker, "--data", folder, "--split", "dev", *options]
    done = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def by_llm(stub, *options):
    return ("--endpoint", stub.url, "--model", "stub", "--each", 1, *options)


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_three_of_each(folder):
    out = folder / "made" / "pseudo.jsonl"
    assert "60 captions written" in perturb(folder, "--out", out).stdout
    made = records(out)
    assert len(made) == 4 * 5 * 3
    assert [one["caption"] for one in made[:3]] == ["A red wall ."] * 3
    assert any(one["errors"] for one in made)
    assert any(one["text"] == one["caption"] for one in made)
    assert {one["maker"] for one in made} == {"lexicon"}
    again = perturb(folder, "--out", out)
    assert "60 captions written" in again.stdout and "60 of them before" in again.stdout
    assert records(out) == made


def test_some_to_look_at(folder):
    shown = perturb(folder, "--show", 5).stdout
    assert shown.startswith("### entity\n\n- ")
    assert re.search(r"^- .*~~\w+~~ \*\*\w+\*\*", shown, re.MULTILINE)
    assert [one.name for one in folder.glob("*.jsonl")] == []


def test_by_a_language_model_and_what_it_cost(folder):
    out = folder / "pseudo.jsonl"
    with ChatStub(Answer(429, headers={"Retry-After": "0"})) as stub:
        options = ("--price-in", 2, "--price-out", 10, "--parallel", 1, "--reply-format", "text")
        done = perturb(folder, "--out", out, *by_llm(stub, *options), maker="llm")
    made = records(out)
    assert len(made) == 20
    assert {one["maker"] for one in made} == {"stub"}
    asked = [one for one in made if one["errors"]]
    assert [len(one["errors"]) for one in asked] == [
        len(one["errors"]) for one in stub.questions[1:]
    ]
    tokens_in, tokens_out = 100 * len(asked), 20 * len(asked)
    cost = (tokens_in * 2 + tokens_out * 10) / 1e6
    assert f"{tokens_in:,} tokens in, {tokens_out:,} out, cost {cost:.4f}" in done.stderr
    assert all("response_format" not in body for _, body in stub.requests)


def test_the_key_comes_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("MMSER_API_KEY", "secret")
    with ChatStub() as stub:
        perturb(folder, "--out", folder / "pseudo.jsonl", *by_llm(stub), maker="llm")
    assert {headers["Authorization"] for headers, _ in stub.requests} == {"Bearer secret"}


def test_killed_it_goes_on_and_asks_nothing_twice(folder):
    out, killed = folder / "pseudo.jsonl", folder / "killed.jsonl"
    with ChatStub() as stub:
        perturb(folder, "--out", out, *by_llm(stub, "--parallel", 1), maker="llm")
        questions = stub.questions
    reached, never = threading.Event(), threading.Event()

    def hang():
        reached.set()
        never.wait(60)

    with ChatStub() as stub:
        honest = stub.next_answer

        def answer(headers, body):
            one = honest(headers, body)
            return Answer(wait=hang) if len(stub.requests) == 8 and not never.is_set() else one

        stub.next_answer = answer
        options = ("--out", killed, *by_llm(stub, "--parallel", 1))
        command = [sys.executable, "-m", "mmser_ros.cli", "perturb", "llm"]
        command += ["--data", folder, *options]
        process = subprocess.Popen(
            [*map(str, command), "--split", "dev"], stderr=subprocess.DEVNULL
        )
        assert reached.wait(120)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        never.set()
        before = killed.read_bytes()
        assert before.count(b"\n") >= 7
        killed.write_bytes(before + b'{"picture": "to')  # and it may have been writing
        assert "of them before" in perturb(folder, *options, maker="llm").stdout
    assert records(killed) == records(out)
    assert stub.questions == [*questions[:8], *questions[7:]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["lexicon"], "give --out FILE to write"),
        (["lexicon", "--out", "a.jsonl", "--show", "3"], "give --out FILE to write"),
        (["llm", "--show", "3", "--endpoint", "a", "--model", "b"], "no address"),
    ],
)
def test_what_cannot_be(folder, options, message):
    maker, *options = options
    with pytest.raises(MmserError, match=message):
        perturb(folder, *options, maker=maker)
