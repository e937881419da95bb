# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser memory`: query, count, draw and export a scene memory; the file is only read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros.cli.options import AsJson
from mmser_ros.core.errors import MmserError

if TYPE_CHECKING:
    from mmser_ros.memory.results import Match
    from mmser_ros.memory.scene_memory import SceneMemory

memory_app = typer.Typer(
    no_args_is_help=True, help="Read a scene memory; a node may write to it meanwhile."
)

Database = Annotated[Path, typer.Argument(metavar="DB", help="File of the scene memory.")]
MapId = Annotated[
    str | None, typer.Option(help="Refuse a file of another map; default: accept any map.")
]
Now = Annotated[
    bool,
    typer.Option(
        "--now",
        help="Compute ages and probabilities for the time of this machine's clock; default: for "
        "the newest observation.",
    ),
]


@memory_app.command()
def query(
    db: Database,
    text: Annotated[str, typer.Argument(help='Such as "the mug on the table"; "" finds all.')],
    near: Annotated[
        str | None, typer.Option(metavar="X,Y", help="Point in metres; near objects score higher.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Maximum number of answers.")] = 5,
    map_id: MapId = None,
    now: Now = False,
    as_json: AsJson = False,
) -> None:
    """Find objects that a text describes."""
    point = _point(near)
    with _open(db, map_id) as memory:
        matches = memory.find(text, near=point, k=k, now=_moment(now))
    if as_json:
        print(json.dumps([asdict(one) for one in matches]))
    elif matches:
        _print_matches(matches, "now" if now else "the newest observation")
    else:
        what = f"nothing like {text!r}" if text.strip() else "nothing"
        print(f"{what} is known in {db}")


@memory_app.command()
def stats(db: Database, now: Now = False, as_json: AsJson = False) -> None:
    """Print counts, the map, the time span and the robots."""
    from mmser_ros.memory.export import STRUCTURE
    from mmser_ros.memory.scene_memory import SceneMemory
    from mmser_ros.memory.storage.inspect import read_store_info

    about = read_store_info(db)
    with SceneMemory.open(db, about.map_id, read_only=True) as memory:
        graph = memory.graph(now=_moment(now))
    layers = Counter(data["layer"] for _, data in graph.nodes(data=True))
    facts = {
        **asdict(about),
        **{f"{layer}s": layers[layer] for layer in ("object", "place", "room")},
        "relations": sum(key not in STRUCTURE for _, _, key in graph.edges(keys=True)),
    }
    if as_json:
        print(json.dumps(facts))
        return
    table = Table(show_header=False)
    shown = {"robots": ", ".join(about.robots), "first": _time(about.first)}
    shown |= {"last": _time(about.last), "bytes": f"{about.bytes:,}"}
    for name, value in {**facts, **shown}.items():
        table.add_row(name, str(value))
    Console(markup=False, emoji=False).print(table)


@memory_app.command()
def show(
    db: Database,
    out: Annotated[
        Path, typer.Option(help="File to write: an image (map.png) or a web page (map.html).")
    ],
    map_id: MapId = None,
    now: Now = False,
) -> None:
    """Draw the scene graph: an image, or an interactive web page."""
    from mmser_ros.core.images import SUFFIXES, save_picture
    from mmser_ros.visualization.scene_map import draw_map
    from mmser_ros.visualization.scene_page import memory_page

    suffix = out.suffix.lower()
    if suffix not in {".html", *SUFFIXES}:
        msg = f"--out is {out}; expected a suffix such as .png, or .html for a page"
        raise MmserError(msg)
    _check_apart(out, db)
    with _open(db, map_id) as memory:
        graph = memory.graph(now=_moment(now))
    if suffix != ".html":
        save_picture(draw_map(graph), out)
        return
    with _writing(out):
        out.write_text(memory_page(graph), encoding="utf-8")


@memory_app.command()
def export(
    db: Database,
    out: Annotated[Path, typer.Option(help="File to write.")],
    form: Annotated[
        Literal["node-link", "graphml", "spark-dsg"] | None,
        typer.Option(
            "--format",
            help="Default: from the ending of --out: .json, .graphml or .dsg.json.",
        ),
    ] = None,
    map_id: MapId = None,
    now: Now = False,
) -> None:
    """Write the scene graph to a file for other programs."""
    from mmser_ros.memory.export import write_graph

    _check_apart(out, db)
    with _open(db, map_id) as memory:
        graph = memory.graph(now=_moment(now))
    with _writing(out):
        write_graph(graph, out, form)


def _open(db: Path, map_id: str | None) -> SceneMemory:
    from mmser_ros.memory.scene_memory import SceneMemory
    from mmser_ros.memory.storage.inspect import read_store_info

    about = read_store_info(db)
    return SceneMemory.open(db, map_id if map_id is not None else about.map_id, read_only=True)


def _moment(now: bool) -> int | None:
    return time_ns() if now else None


def _check_apart(out: Path, db: Path) -> None:
    if out.exists() and db.exists() and out.samefile(db):
        msg = f"{out} is the memory itself, which would be lost; give another file to write"
        raise MmserError(msg)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        msg = f"can't write {path}: {error}"
        raise MmserError(msg) from error


def _point(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        x, y = map(float, text.split(","))
    except ValueError as error:
        msg = f"--near is {text!r}; expected two numbers with a comma, such as 2.0,1.5"
        raise MmserError(msg) from error
    return x, y


def _print_matches(matches: list[Match], count_from: str) -> None:
    origin, as_of = matches[0].origin, matches[0].as_of
    title = f"map {origin.map_id}, positions in frame {origin.frame}\n"
    title += f"ages count from {count_from}: {_time(as_of)}, {_age((time_ns() - as_of) / 1e9)} ago"
    table = Table(title=title, show_lines=True)
    for name in ("score", "object", "where: x, y, z", "best evidence"):
        table.add_column(name)
    for one in matches:
        table.add_row(
            f"{one.score:.2f}",
            " ".join([*one.attributes, one.label]),
            f"{', '.join(f'{axis:.2f}' for axis in one.position)} ± {one.sigma:.2f} m\n"
            f"{', '.join(filter(None, (one.room, one.place)))}",
            f"{one.provenance.caption}\n{one.provenance.robot}, {_time(one.provenance.stamp)}\n"
            f"last seen {_time(one.last_seen)}, age {_age(one.age)}",
        )
    Console(markup=False, emoji=False).print(table)


def _time(stamp: int | None) -> str:
    if stamp is None:
        return "never"
    return f"{datetime.fromtimestamp(stamp / 1e9, tz=timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
