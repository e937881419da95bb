# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from mmser_ros.core.console import print_caption


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
