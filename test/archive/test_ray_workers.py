# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Two workers of Ray, where it is installed: `pip install '.[ray]'`; it is not for `make test`."""

import pytest

from test.archive.test_run import caption, table

pytest.importorskip("ray.data", reason="Ray is not installed: pip install '.[ray]'")


def test_two_workers_of_which_one_is_killed_make_a_whole_table(archive, tmp_path, run_caption):
    out = tmp_path / "out.jsonl"
    done = run_caption(archive, "--out", out, "--batch", 2, "--workers", 2, deadly=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "deadly").exists()
    assert not (tmp_path / "out.jsonl.parts").exists()
    caption(archive, tmp_path / "alone.jsonl")
    assert table(out) == table(tmp_path / "alone.jsonl")
