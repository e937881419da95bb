# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.core.console import is_tenth, print_caption, show_progress


def test_changes_are_marked_in_a_terminal_only(monkeypatch, capsys):
    captions = ("a cat [red] sits", "a dog [red] sits")
    print_caption(*captions, "photo.jpg: ", "  (0.50)")
    assert capsys.readouterr().out == "photo.jpg: a dog [red] sits  (0.50)\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_caption(*captions, "photo.jpg: ", "  (0.50)")
    struck, bold, reset = "\x1b[9;31m", "\x1b[1;32m", "\x1b[0m"
    expected = f"photo.jpg: a {struck}cat{reset} {bold}dog{reset} [red] sits  (0.50)\n"
    assert capsys.readouterr().out == expected


def test_progress_in_a_file_is_a_line_for_each_tenth(capsys):
    assert list(show_progress(iter(range(25)), "images", 25)) == list(range(25))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "images: 3 of 25"
    assert lines[-1] == "images: 25 of 25"
    assert len(lines) == 10


@given(st.integers(1, 500))
def test_the_last_one_always_completes_a_tenth(total):
    done = [number for number in range(1, total + 1) if is_tenth(number, total)]
    assert done[-1] == total
    assert len(done) == min(total, 10)
