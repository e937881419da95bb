# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Messages as a recording of Rerun; nothing else knows Rerun."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote
from zlib import crc32

import numpy as np
from geometry_msgs.msg import Pose
from nav_msgs.msg import OccupancyGrid

from mmser_ros.core.errors import MmserError
from mmser_ros.core.geometry import heading
from mmser_ros.core.types import SECOND
from mmser_ros.core.word_diff import word_changes
from mmser_ros.memory.export import STRUCTURE
from mmser_ros.msg import SceneCaption, SceneEdge, SceneNode
from mmser_ros.nodes.common.scene_conversions import nanoseconds

try:
    import rerun as rr
    import rerun.blueprint as rrb
except ImportError as _error:
    msg = f"the viewer needs Rerun ({_error}); pip install '.[viewer]', or viewer:=none"
    raise MmserError(msg) from _error

LOCAL = "127.0.0.1"
TIMELINE = "time"
SIMULATED = 1_000_000 * SECOND
"""Stamps before this are seconds of a simulation, not dates."""
JPEG_QUALITY = 80
ROBOT, PATH, PLAN, PLACE, RELATION, ROOM, GOAL = (
    (220, 60, 60), (90, 110, 230), (60, 200, 90), (110, 110, 200), (230, 180, 60),
    (255, 255, 255), (60, 220, 100),
)  # fmt: skip
KINDS = ((80, 190, 100), (70, 160, 220), (220, 120, 170), (200, 190, 80), (150, 130, 220))
"""Colours of objects, chosen by their word."""
MARKUP = {"kept": "{}", "removed": "~~{}~~", "added": "**{}**"}
STRIDE, JUMP = 0.05, 1.0
"""Metres between two points of the way driven, at least, and from which on nobody drove it."""
FLOOR = -0.02


LAYERS = ("room", "place", "object")


class SceneRecording:
    """Logs what messages say, by their stamps.

    Args:
        show: `web`, `window` or `none`.
        file: to write; empty: none.
        web_port: of the page.
        grpc_port: of the data.
        host: name or address of this machine for browsers.
        open_browser: on this machine.
        memory_limit: such as 1GiB.

    Attributes:
        url: of the page; empty without one.

    Raises:
        MmserError: Rerun can't do it; it says why.
    """

    def __init__(
        self,
        *,
        show: str,
        file: str,
        web_port: int,
        grpc_port: int,
        host: str,
        open_browser: bool,
        memory_limit: str,
    ) -> None:
        self._stream = rr.RecordingStream("mmser_ros")
        self._path: list[tuple[float, float]] = []
        self.url = ""
        if show == "none" and not file:
            msg = "show is none and recording is empty: there is nothing to do; set one of them"
            raise MmserError(msg)
        sinks: list[Any] = [rr.FileSink(file)] if file else []
        data, page = f"rerun+http://{host}:{grpc_port}/proxy", f"http://{host}:{web_port}"
        try:
            if show == "web":
                bind = LOCAL if host == LOCAL else "0.0.0.0"
                server = rr.GrpcServerSink(
                    bind, grpc_port, server_memory_limit=memory_limit, cors_allow_origin=[page]
                )
                sinks.append(server)
            elif show == "window":
                rr.spawn(port=grpc_port, connect=False, memory_limit=memory_limit)
                sinks.append(rr.GrpcSink(f"rerun+http://{LOCAL}:{grpc_port}/proxy"))
            self._stream.set_sinks(*sinks, default_blueprint=layout())
            if show == "web":
                rr.serve_web_viewer(web_port=web_port, open_browser=open_browser, connect_to=data)
                self.url = f"{page}/?url={quote(data, safe='')}"
        except (RuntimeError, OSError) as error:
            msg = f"Rerun can't show ({show}) or record ({file or 'no file'}): {error}; are the "
            msg += f"ports {web_port} and {grpc_port} free, and can the file be written?"
            raise MmserError(msg) from error
        self._log("map", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)

    def close(self) -> None:
        """Write what is left."""
        self._stream.flush()
        self._stream.disconnect()

    def image(self, image: np.ndarray, stamp: int) -> None:
        """(height, width, 3) uint8 RGB."""
        self._at(stamp)
        self._log("camera/image", rr.Image(image).compress(JPEG_QUALITY))

    def caption(self, caption: SceneCaption) -> None:
        """A caption, with the words that refinement changed, and its phrases in the image."""
        self._at(nanoseconds(caption.header.stamp))
        changes = word_changes(caption.initial_caption or caption.caption, caption.caption)
        text = " ".join(MARKUP[one.kind].format(one.text) for one in changes)
        figures = f"{caption.model}, pass {caption.passes}, confidence {caption.confidence:.2f}"
        figures += f", {1e3 * caption.inference_time:.0f} ms"
        document = f"## {text}\n\n{figures}"
        self._log("caption", rr.TextDocument(document, media_type=rr.MediaType.MARKDOWN))
        plain = [MARKUP[one.kind].replace("*", "+").format(one.text) for one in changes]
        self._log("captions", rr.TextLog(" ".join(plain).replace("~~", "-")))
        self._log("figures/confidence", rr.Scalars(caption.confidence))
        phrases = [one for one in caption.phrases if one.has_region]
        regions = [one.region for one in phrases]
        self._log(
            "camera/image/phrases",
            rr.Boxes2D(
                mins=[(one.x_offset, one.y_offset) for one in regions],
                sizes=[(one.width, one.height) for one in regions],
                labels=[one.text for one in phrases],
                colors=[_colour(one.head) for one in phrases],
            ),
        )

    def pose(self, pose: Pose, stamp: int) -> None:
        """The robot's pose in the map, and the way that it drove."""
        self._at(stamp)
        at, turn = (pose.position.x, pose.position.y), pose.orientation
        facing = heading((turn.x, turn.y, turn.z, turn.w))
        ahead = (0.4 * math.cos(facing), 0.4 * math.sin(facing), 0.0)
        origin = (*at, 0.1)
        arrow = rr.Arrows3D(origins=[origin], vectors=[ahead], colors=[ROBOT], radii=0.04)
        self._log("map/robot", arrow)
        if self._path and math.dist(at, self._path[-1]) > JUMP:
            self._path.clear()
        if not self._path or math.dist(at, self._path[-1]) > STRIDE:
            self._path.append(at)
            self._lines("map/path", [self._path], PATH, 0.02)

    def plan(self, poses: Iterable[Pose], stamp: int) -> None:
        """The way to a goal."""
        self._at(stamp)
        points = [(one.position.x, one.position.y) for one in poses]
        self._lines("map/plan", [points] if points else [], PLAN, 0.04)
        goal = [(*points[-1], 0.1)] if points else []
        self._log("map/goal", rr.Points3D(goal, colors=[GOAL] * len(goal), radii=0.15))

    def grid(self, grid: OccupancyGrid) -> None:
        """Free space and obstacles, as the floor of the map."""
        info, at = grid.info, grid.info.origin.position
        cells = np.array(grid.data, np.int16).reshape(info.height, info.width)
        shade = np.where(cells < 0, 60, 200 - cells * 1.6).astype(np.uint8)
        width, height = info.width * info.resolution, info.height * info.resolution
        corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
        mesh = rr.Mesh3D(
            vertex_positions=[(at.x + x * width, at.y + y * height, FLOOR) for x, y in corners],
            triangle_indices=[(0, 1, 2), (0, 2, 3)],
            vertex_texcoords=corners,
            albedo_texture=np.stack([shade] * 3, axis=-1),
        )
        self._log("map/floor", mesh, static=True)
        self._stream.send_blueprint(layout((at.x + width / 2, at.y + height / 2), width + height))

    def graph(self, nodes: Sequence[SceneNode], edges: Sequence[SceneEdge], stamp: int) -> None:
        """Rooms, places, objects and relations of the memory."""
        self._at(stamp)
        where = {one.id: (one.position.x, one.position.y, one.position.z) for one in nodes}
        layers = {name: [one for one in nodes if one.layer == name] for name in LAYERS}
        objects = layers["object"]
        points = rr.Points3D(
            [where[one.id] for one in objects],
            labels=[" ".join([*one.attributes[:1], one.label]) for one in objects],
            colors=[(*_colour(one.label), _alpha(one.probability)) for one in objects],
            radii=[max(0.06, min(0.3, one.sigma)) for one in objects],
        )
        self._log("map/objects", points)
        self._points("map/places", layers["place"], where, PLACE)
        rooms = [one for one in layers["room"] if one.label]
        above = {name: (x, y, 2.0) for name, (x, y, _) in where.items()}
        self._points("map/rooms", rooms, above, ROOM)
        for name, wanted, colour in (("paths", True, PLACE), ("relations", False, RELATION)):
            found = [one for one in edges if (one.predicate == "path") == wanted]
            found = [one for one in found if wanted or one.predicate not in STRUCTURE]
            found = [one for one in found if {one.source, one.target} <= where.keys()]
            strips = [(where[one.source], where[one.target]) for one in found]
            labels = None if wanted else [one.predicate for one in found]
            lines = rr.LineStrips3D(
                strips, colors=[colour] * len(strips), radii=0.01, labels=labels, show_labels=False
            )
            self._log(f"map/{name}", lines)
            if not wanted:
                self._log("figures/relations", rr.Scalars(len(found)))
        self._log("figures/objects", rr.Scalars(len(objects)))

    def answer(self, question: str, text: str, stamp: int) -> None:
        """A question to the memory, and what it answered."""
        self._at(stamp)
        self._log("answers", rr.TextLog(f"{question or 'a question'}: {text}"))

    def _log(self, name: str, what: Any, *, static: bool = False) -> None:
        self._stream.log(name, what, static=static)

    def _at(self, stamp: int) -> None:
        if stamp < SIMULATED:
            self._stream.set_time(TIMELINE, duration=np.timedelta64(stamp, "ns"))
        else:
            self._stream.set_time(TIMELINE, timestamp=np.datetime64(stamp, "ns"))

    def _lines(
        self, name: str, lines: list[list[tuple[float, float]]], colour: Any, radius: float
    ) -> None:
        strips = [[(x, y, 0.03) for x, y in line] for line in lines]
        self._log(name, rr.LineStrips3D(strips, colors=[colour] * len(strips), radii=radius))

    def _points(self, name: str, nodes: list[SceneNode], where: dict, colour: Any) -> None:
        at = [where[one.id] for one in nodes]
        labels = [one.label for one in nodes] if any(one.label for one in nodes) else None
        points = rr.Points3D(at, labels=labels, colors=[colour] * len(at), radii=0.05)
        self._log(name, points)


def layout(middle: tuple[float, float] = (5.0, 4.0), size: float = 18.0) -> Any:
    """Camera and words on the left, and on the right the map, seen from the south.

    Args:
        middle: of the map, in metres.
        size: width and height of the map together, in metres.
    """
    x, y = middle
    top = rrb.EyeControls3D(position=(x, y - 0.35 * size, 0.6 * size), look_target=(x, y, 0.0))
    words = rrb.Tabs(
        rrb.TextLogView(origin="captions", name="Captions"),
        rrb.TextLogView(origin="answers", name="Answers"),
        rrb.TimeSeriesView(origin="figures", name="Figures"),
    )
    left = rrb.Vertical(
        rrb.Spatial2DView(origin="camera", name="Camera"),
        rrb.TextDocumentView(origin="caption", name="Caption"),
        words,
        row_shares=[5, 2, 3],
    )
    world = rrb.Spatial3DView(origin="map", name="Map", eye_controls=top)
    return rrb.Blueprint(rrb.Horizontal(left, world, column_shares=[2, 3]), collapse_panels=True)


def _colour(word: str) -> tuple[int, int, int]:
    return KINDS[crc32(word.encode()) % len(KINDS)]


def _alpha(probability: float) -> int:
    return round(255 * min(1.0, max(0.2, probability)))
