# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The task in one home: explore, remember, go to things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any, Literal

from mmser_ros.core.types import Caption
from mmser_ros.evaluation.house.captions import Eyes, invented, references
from mmser_ros.evaluation.house.going import Trip, can_be_reached, go_to
from mmser_ros.evaluation.house.graph_scores import score_graph
from mmser_ros.evaluation.house.questions import errands
from mmser_ros.evaluation.house.reference import Reference, make_reference
from mmser_ros.language.interfaces import Parser, Words
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.exploration.drive import Exploration, Localisation, Look
from mmser_ros.simulation.exploration.explorers import (
    ActiveExplorer,
    Explorer,
    FrontierExplorer,
    LookWish,
)
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.make_home import check_split, make_home
from mmser_ros.simulation.home.simulator import Simulator
from mmser_ros.simulation.home.split import Split
from mmser_ros.simulation.navigation import free_space

ExplorerName = Literal["frontiers", "active"]
"""By frontiers alone, or also where the memory wants another look."""


@dataclass(frozen=True, kw_only=True)
class HouseSettings:
    """What a robot does in each home.

    Attributes:
        explorer: how it explores.
        distance: metres after which it ends.
        looks: number of looks after which it ends.
        errands: number of things that it is asked to go to.
        split: which designs and textures the homes have.
        style: of perfect captions.
        model: that makes the other captions, for the record.
    """

    explorer: ExplorerName = "frontiers"
    distance: float = 80.0
    looks: int = 400
    errands: int = 10
    split: str = "evaluation"
    style: Literal["short", "detailed"] = "detailed"
    model: str = ""


def evaluate_home(
    seed: int, settings: HouseSettings, eyes: Eyes, parser: Parser, words: Words
) -> dict[str, Any]:
    """Run the task in one home, once for each source of captions.

    With frontiers all sources share one way. An active explorer follows its own memory, so each
    source goes its own way.

    Returns:
        Source → {"figures", "captions", "references", "trips", "driven", "looks"}, for JSON.

    Raises:
        SimulatorError: nothing can be rendered here.
    """
    home = make_home(seed, Split(settings.split))
    check_split(home)
    groups = [eyes.sources]
    if settings.explorer == "active":
        groups = [(source,) for source in eyes.sources]
    results: dict[str, Any] = {}
    for sources in groups:
        with Simulator(home, seed=seed) as simulator:
            reference = make_reference(simulator)
            run = _Run(simulator, settings, sources, parser, words)
            run.explore(eyes)
            results |= run.results(reference)
    return results


class _Run:
    """One way through a home, with a memory for each source of captions."""

    def __init__(
        self,
        simulator: Simulator,
        settings: HouseSettings,
        sources: tuple[str, ...],
        parser: Parser,
        words: Words,
    ) -> None:
        self._simulator, self._settings = simulator, settings
        self._parser, self._words = parser, words
        self._home: Home = simulator.home
        self._start = simulator.robot.pose
        self._memories = {
            one: SceneMemory.open(None, "house", parser=parser, words=words) for one in sources
        }
        self._captions: dict[str, list[str]] = {one: [] for one in sources}
        self._references: list[list[str]] = []
        self._counts: dict[str, list[tuple[int, int]]] = {one: [] for one in sources}
        self._driven = 0.0

    def explore(self, eyes: Eyes) -> None:
        """Drive, look, caption and remember."""
        settings, simulator = self._settings, self._simulator
        exploration = Exploration(
            simulator, Localisation(self._home.seed), distance=settings.distance,
            looks=settings.looks,
        )  # fmt: skip
        for number, look in enumerate(exploration.run(self._explorer())):
            said = eyes.see(self._home, simulator.camera, look, number)
            for source, memory in self._memories.items():
                self._remember(source, memory, look, said[source])
            self._references.append(
                references(self._home, simulator.camera, look.truth, look.true_pose, number)
            )
        self._driven = exploration.driven

    def _explorer(self) -> Explorer:
        if self._settings.explorer == "frontiers":
            return FrontierExplorer()
        (memory,) = self._memories.values()
        return ActiveExplorer(
            lambda: [LookWish(one.pose, one.gain) for one in memory.where_to_look()]
        )

    def _remember(self, source: str, memory: SceneMemory, look: Look, said: Caption) -> None:
        """As memory_node does: caption, pose at its stamp, camera, registered depth."""
        memory.observe(
            said, look.stamp_ns, look.pose, camera=self._simulator.camera, depth=look.view.depth
        )
        self._captions[source].append(said.text)
        self._counts[source].append(invented(said.text, look.truth, self._parser, self._words))

    def results(self, reference: Reference) -> dict[str, Any]:
        """Scores of each source, and what they rest on."""
        home = self._home
        space = free_space(home)
        at = self._start.position[:2]
        asked = errands(
            home,
            reference,
            self._words,
            count=self._settings.errands,
            seed=home.seed,
            can_be_reached=lambda objects: can_be_reached(home, space, at, objects),
        )
        found = {}
        for source, memory in self._memories.items():
            trips = [go_to(one, memory, home, space, self._start) for one in asked]
            found[source] = {
                "figures": run_figures(memory, home, reference, self._counts[source], trips),
                "captions": self._captions[source],
                "references": self._references,
                "trips": [asdict(one) for one in trips],
                "driven": self._driven,
                "looks": len(self._references),
            }
        return found


def run_figures(
    memory: SceneMemory,
    home: Home,
    reference: Reference,
    counts: Sequence[tuple[int, int]],
    trips: Sequence[Trip],
) -> dict[str, float]:
    """Scores of what a robot said, remembers and did in a home; see docs/evaluation.md.

    Args:
        memory: of the robot.
        home: that it was in.
        reference: what it should know of it.
        counts: objects that each caption names, and how many of them it invents.
        trips: to things.
    """
    named, wrong = (sum(column) for column in zip(*counts, strict=True))
    return score_graph(memory, home, reference).figures() | {
        "invented": wrong / max(1, named),
        "goto_success": mean(one.success for one in trips),
        "spl": mean(one.spl for one in trips),
    }
