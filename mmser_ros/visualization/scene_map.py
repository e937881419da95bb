# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Draws a scene memory as a map: rooms, paths between places, objects and relations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import networkx as nx
import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from mmser_ros.memory.export import STRUCTURE
from mmser_ros.visualization.label_placement import FreeSpots
from mmser_ros.visualization.room_outlines import (
    KIND_COLOURS,
    NO_COLOUR,
    REACH,
    room_colours,
    room_outlines,
)

SIDE, FINER = 1400, 2
"""Pixels of the longer side of the map, and factor of supersampling."""
MARGIN, HEAD, FOOT = 24, 74, 50
"""Pixels of the margin, and of the text above and below the map."""
NEAREST = 200.0
"""Maximum pixels per metre."""
INK, GREY, LINE, WAY = (33, 37, 41), (95, 103, 112), (110, 114, 130), (66, 99, 235)
HALO = (255, 255, 255, 160)
TITLE, TEXT = 26, 15
"""Text heights, in pixels."""
DOT = 5.0
"""Radius of an object with probability 1, in pixels."""
Spot = tuple[float, float]


@dataclass(frozen=True)
class _Lettering:
    """Style and placement of labels, in pixels (see FreeSpots)."""

    height: int
    ink: tuple[int, int, int]
    gap: float
    reach: float
    crossing: float


OF_OBJECTS = _Lettering(TEXT, INK, gap=DOT + 2, reach=70.0, crossing=30.0)
OF_ROOMS = _Lettering(22, GREY, gap=0.0, reach=40.0, crossing=0.0)
OF_RELATIONS = _Lettering(12, GREY, gap=0.0, reach=20.0, crossing=30.0)


def draw_map(exported_graph: nx.MultiDiGraph) -> np.ndarray:
    """Draw the graph; the y axis of the map points up.

    Rooms are coloured by label. Dots of objects are coloured by kind; they are larger and darker
    the more probable the object is. A circle shows one standard deviation of the position. Labels
    that would cover others are left out, and counted below the map.

    Args:
        exported_graph: from `SceneMemory.graph`.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    return _Sheet(exported_graph).draw()


class _Sheet:
    """One drawing; positions are in pixels, before supersampling by FINER."""

    def __init__(self, exported_graph: nx.MultiDiGraph) -> None:
        self.graph = exported_graph
        nodes = dict(exported_graph.nodes(data=True)).values()
        points = np.array([[one["x"], one["y"]] for one in nodes] or [[0.0, 0.0]])
        self.low, self.high = points.min(0) - 1.15 * REACH, points.max(0) + 1.15 * REACH
        self.scale = min(NEAREST, SIDE / float((self.high - self.low).max()))
        inner = (self.high - self.low) * self.scale
        self.width = max(round(inner[0]), SIDE) + 2 * MARGIN
        self.height = round(inner[1]) + HEAD + FOOT
        self.page = Image.new("RGB", (self.width * FINER, self.height * FINER), "white")
        self.pen = ImageDraw.Draw(self.page, "RGBA")
        self.spots = FreeSpots(self.width, self.height - FOOT)
        self.spots.take((0, 0, self.width, HEAD))
        self.unnamed = 0

    def draw(self) -> np.ndarray:
        self._fill_rooms()
        self._draw_paths()
        relations = self._draw_relations()
        objects = sorted(self._layer("object"), key=lambda one: -one[1]["probability"])
        for _, obj in objects:
            self._draw_object(obj)
        for _, robot in self._layer("robot"):
            self._draw_robot(robot)
        for _, room in self._layer("room"):
            self._name(self._at(room), room["label"], OF_ROOMS)
        named = set()
        for name, one in [*self._layer("robot"), *objects]:
            text = " ".join([*one.get("attributes", "").split(",")[:1], one["label"]]).strip()
            if self._name(self._at(one), text, OF_OBJECTS):
                named.add(name)
            else:
                self.unnamed += 1
        for ends, middle, text in relations:
            if named.issuperset(ends):
                self._name(middle, text, OF_RELATIONS)
        self._write_head()
        self._write_foot({one["kind"] for _, one in objects})
        size = (self.width, self.height)
        return np.asarray(self.page.resize(size, Image.Resampling.BOX))

    def _layer(self, layer: str) -> list[tuple[str, dict[str, Any]]]:
        return [one for one in self.graph.nodes(data=True) if one[1]["layer"] == layer]

    def _at(self, node: dict[str, Any]) -> Spot:
        return self._pixel(node["x"], node["y"])

    def _pixel(self, x: float, y: float) -> Spot:
        left = (self.width - (self.high[0] - self.low[0]) * self.scale) / 2
        return left + (x - self.low[0]) * self.scale, HEAD + (self.high[1] - y) * self.scale

    def _fill_rooms(self) -> None:
        colours = room_colours(self.graph)
        for name, outlines in room_outlines(self.graph).items():
            fill = ImageColor.getrgb(colours[name])
            for outline in outlines:
                corners = [_fine(self._pixel(x, y)) for x, y in outline]
                self.pen.polygon(corners, fill=(*fill, 90))
                self.pen.line([*corners, corners[0]], fill=(*fill, 255), width=2 * FINER)

    def _draw_paths(self) -> None:
        for source, target, key in self.graph.edges(keys=True):
            if key == "path" and source < target:
                ends = [self._at(self.graph.nodes[one]) for one in (source, target)]
                self._line(ends[0], ends[1], (*WAY, 70), 3.0)
                self.spots.draw_line(ends[0], ends[1])
        for _, place in self._layer("place"):
            self._dot(self._at(place), 3.0, (*WAY, 140))

    def _draw_relations(self) -> list[tuple[tuple[str, str], Spot, str]]:
        """Draw lines; return the ends, the middle and the label of each."""
        said: dict[tuple[str, str], list[str]] = {}
        for source, target, key in self.graph.edges(keys=True):
            if key not in STRUCTURE:
                first, last = sorted((source, target))
                words = said.setdefault((first, last), [])
                words += [key] if key not in words else []
        names = []
        for pair, words in sorted(said.items()):
            a, b = (self._at(self.graph.nodes[one]) for one in pair)
            self._line(a, b, (*LINE, 200), 1.2)
            self.spots.draw_line(a, b)
            names.append((pair, ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), ", ".join(words)))
        return names

    def _draw_object(self, obj: dict[str, Any]) -> None:
        colour = ImageColor.getrgb(KIND_COLOURS.get(obj["kind"], NO_COLOUR))
        x, y = self._at(obj)
        self._dot((x, y), obj["sigma"] * self.scale, (*colour, 28), (*colour, 90))
        radius = DOT * (0.5 + 0.5 * obj["probability"])
        opaque = round(255 * obj["probability"] ** 2)
        self._dot((x, y), radius + 1.5, (255, 255, 255, opaque))
        self._dot((x, y), radius, (*colour, opaque))
        self.spots.take((x - radius, y - radius, x + radius, y + radius))

    def _draw_robot(self, robot: dict[str, Any]) -> None:
        x, y = self._at(robot)
        box = [*_fine((x - 7, y - 7)), *_fine((x + 7, y + 7))]
        self.pen.rounded_rectangle(box, 3 * FINER, INK, "white", FINER)
        self.spots.take((x - 7, y - 7, x + 7, y + 7))

    def _name(self, point: Spot, text: str, how: _Lettering) -> bool:
        """Write a label near a point, with a line if it is far away; whether there was space."""
        font = _font(how.height)
        left, top, right, bottom = font.getbbox(text)
        extent = ((right - left) / FINER + 4, (bottom - top) / FINER + 4)
        box = self.spots.place(point, extent, gap=how.gap, reach=how.reach, crossing=how.crossing)
        if box is None:
            return False
        near = min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])
        far = math.dist(near, point)
        if far > 2 * how.gap > 0:
            share = how.gap / far
            rim = [a + share * (b - a) for a, b in zip(point, near, strict=True)]
            self._line((rim[0], rim[1]), near, (*how.ink, 110), 1.0)
        x, y = _fine((box[0] + 2, box[1] + 2))
        corner = (x - left, y - top)
        self.pen.text(corner, text, how.ink, font, stroke_width=FINER, stroke_fill=HALO)
        return True

    def _write_head(self) -> None:
        about = self.graph.graph
        self._write((MARGIN, 14), f"map {about['map_id']}", TITLE, INK)
        moment = datetime.fromtimestamp(about["stamp"] / 1e9, tz=timezone.utc)
        counts = [(len(self._layer(one)), one) for one in ("object", "room", "place", "robot")]
        stamp = f"as of {moment:%Y-%m-%d %H:%M:%S} UTC"
        words = [f"{number} {one}{'s' * (number != 1)}" for number, one in counts]
        self._write((MARGIN, 46), ", ".join([*words, stamp]), TEXT, GREY)

    def _write_foot(self, kinds: set[str]) -> None:
        y = self.height - FOOT / 2
        self._line((MARGIN, y), (MARGIN + self.scale, y), (*INK, 255), 2.0)
        x = MARGIN + self.scale + 8
        x += self._write((x, y - TEXT / 2), "1 m", TEXT, INK) + 30
        for kind, colour in KIND_COLOURS.items():
            if kind in kinds:
                self._dot((x, y), DOT, (*ImageColor.getrgb(colour), 255))
                x += 10 + self._write((x + 10, y - TEXT / 2), kind, TEXT, INK) + 18
        text = "circles: standard deviation of a position"
        if self.unnamed:
            text += f"; {self.unnamed} names left out for lack of space"
        self._write((x + 12, y - TEXT / 2), text, TEXT, GREY)

    def _write(self, corner: Spot, text: str, size: int, ink: tuple[int, int, int]) -> float:
        """Write a text and return its width in pixels."""
        self.pen.text(_fine(corner), text, ink, _font(size))
        return _font(size).getlength(text) / FINER

    def _line(self, start: Spot, end: Spot, ink: tuple[int, ...], width: float) -> None:
        self.pen.line([_fine(start), _fine(end)], fill=ink, width=round(width * FINER))

    def _dot(
        self, middle: Spot, radius: float, ink: tuple[int, ...], rim: tuple[int, ...] | None = None
    ) -> None:
        self.pen.circle(_fine(middle), radius * FINER, ink, rim)


def _fine(spot: Spot) -> Spot:
    return spot[0] * FINER, spot[1] * FINER


def _font(size: int) -> Any:
    return ImageFont.load_default(size=size * FINER)
