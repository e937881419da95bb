# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions of several models side by side, as one page for any browser, without a network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

WIDTH = 240
"""Width of the pictures on the page, in pixels."""
STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; color: #222; background: #fff; }
table { border-collapse: collapse; margin: 1em 0 2em; }
th, td { text-align: left; vertical-align: top; padding: .4em .8em; border-bottom: 1px solid #ddd; }
th { position: sticky; top: 0; background: #f4f4f4; }
small { color: #777; }
"""


def comparison_page(
    tables: Mapping[str, Mapping[str, Mapping[str, float]]],
    rows: Iterable[tuple[str, np.ndarray, Mapping[str, str]]],
) -> str:
    """Make an HTML page.

    Args:
        tables: heading → model → measure → figure.
        rows: name of a picture, the picture (height, width, 3) uint8 RGB, and model → caption.
    """
    parts = [_figures(heading, table) for heading, table in tables.items()]
    parts += _captions(rows)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>mmser compare</title>'
        f"<style>{STYLE}</style><body><h1>Captions side by side</h1>{''.join(parts)}</body></html>"
    )


def _figures(heading: str, table: Mapping[str, Mapping[str, float]]) -> str:
    measures = dict.fromkeys(measure for figures in table.values() for measure in figures)
    lines = [_row("th", ["", *map(escape, table)])]
    for measure in measures:
        cells = [
            f"{figures[measure]:.4g}" if measure in figures else "" for figures in table.values()
        ]
        lines.append(_row("td", [escape(measure), *cells]))
    return f"<h2>{escape(heading)}</h2><table>{''.join(lines)}</table>"


def _captions(rows: Iterable[tuple[str, np.ndarray, Mapping[str, str]]]) -> list[str]:
    lines: list[str] = []
    for name, picture, captions in rows:
        if not lines:
            lines.append(_row("th", ["", *map(escape, captions)]))
        shown = f"{_image(picture)}<br><small>{escape(name)}</small>"
        lines.append(_row("td", [shown, *map(escape, captions.values())]))
    return [f"<h2>Captions</h2><table>{''.join(lines)}</table>"]


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{one}</{tag}>' for one in cells)}</tr>"


def _image(picture: np.ndarray) -> str:
    shown = Image.fromarray(picture)
    shown.thumbnail((WIDTH, WIDTH))
    file = BytesIO()
    shown.save(file, "JPEG", quality=80)
    data = b64encode(file.getvalue()).decode()
    size = f'width="{shown.width}" height="{shown.height}"'
    return f'<img {size} alt="" src="data:image/jpeg;base64,{data}">'
