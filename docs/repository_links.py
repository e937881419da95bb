# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MkDocs hook: links to files of the repository outside docs/ become their names.

Such links work where the repository is browsed. The site has no address to link them to.
"""

import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Replace links to files outside docs/; a link to a missing file stays, and fails the build."""
    docs = Path(config["docs_dir"]).resolve()
    folder = (docs / page.file.src_uri).parent

    def name_of(link: re.Match[str]) -> str:
        text, target = link[1], (folder / link[2]).resolve()
        if target.is_relative_to(docs) or not target.exists():
            return link[0]
        name = str(target.relative_to(docs.parent))
        return f"`{name}`" if name.endswith(text.strip("`")) else f"{text} (`{name}`)"

    return LINK.sub(name_of, markdown)
