# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Links of documentation pages to files of the repository."""

from types import SimpleNamespace

import pytest

from docs.repository_links import on_page_markdown


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("[config/robot.yaml](../config/robot.yaml)", "`config/robot.yaml`"),
        ("[robot.yaml](../config/robot.yaml)", "`config/robot.yaml`"),
        ("[`robot.yaml`](../config/robot.yaml#speed)", "`config/robot.yaml`"),
        ("[the robot](../config/robot.yaml)", "the robot (`config/robot.yaml`)"),
        ("[missing](../config/missing.yaml)", "[missing](../config/missing.yaml)"),
        ("[a page](../docs/other.md)", "[a page](../docs/other.md)"),
        ("[a page](other.md#part)", "[a page](other.md#part)"),
        ("[elsewhere](https://example.org/a)", "[elsewhere](https://example.org/a)"),
    ],
)
def test_links_out_of_the_documentation_become_names(link, shown, tmp_path):
    for name in ("config/robot.yaml", "docs/other.md"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    page = SimpleNamespace(file=SimpleNamespace(src_uri="page.md"))
    config = {"docs_dir": str(tmp_path / "docs")}
    assert on_page_markdown(f"See {link}.", page=page, config=config) == f"See {shown}."
