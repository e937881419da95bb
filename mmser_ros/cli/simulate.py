# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser simulate`: look at simulated homes, and make sets of images of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

simulate_app = typer.Typer(no_args_is_help=True, help="Furnished homes that MuJoCo renders.")


@simulate_app.command("look")
def simulate_look(
    out: Annotated[Path, typer.Option(help="Folder to write to; it may exist.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the home.")] = 0,
    split: Annotated[
        Literal["train", "evaluation"],
        typer.Option(help="Designs and textures to use; no design is in both."),
    ] = "train",
    width: Annotated[int, typer.Option(min=80, max=1280, help="Of the images, in pixels.")] = 640,
) -> None:
    """Write an image of each room of a home, with its ground truth as JSON."""
    from mmser_ros.core.images import save_picture
    from mmser_ros.simulation.home.ground_truth import Truth
    from mmser_ros.simulation.home.make_home import make_home
    from mmser_ros.simulation.home.scene import build_scene
    from mmser_ros.simulation.home.split import Split
    from mmser_ros.simulation.home.viewpoints import best_view
    from mmser_ros.simulation.home.views import Viewer, default_camera

    home = make_home(seed, Split(split))
    scene, camera, truth = build_scene(home), default_camera(width, width * 3 // 4), Truth(home)
    with Viewer(scene, camera) as viewer:
        for number, room in enumerate(home.plan.rooms):
            pose = best_view(scene, number, camera, seed)
            if pose is None:
                print(f"{room.name}: no free place to stand")
                continue
            path = out / f"{number}_{room.name.replace(' ', '_')}.png"
            save_picture(viewer.image(pose), path)
            facts = truth.of(camera, pose, viewer.numbers(pose)).as_dict()
            path.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
            print(path)


@simulate_app.command("dataset")
def simulate_dataset(
    out: Annotated[Path, typer.Option(help="Folder of data sets; the set is in its `homes`.")],
    homes: Annotated[int, typer.Option(min=1, help="Number of homes.")],
    views: Annotated[int, typer.Option(min=1, help="Images of each home.")],
    split: Annotated[
        Literal["train", "dev"],
        typer.Option(help="dev has homes with designs and textures that train never shows."),
    ] = "train",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first home.")] = 0,
    captions: Annotated[int, typer.Option(min=1, max=20, help="Captions of each image.")] = 5,
    style: Annotated[
        Literal["short", "detailed"], typer.Option(help="One sentence, or several.")
    ] = "short",
    width: Annotated[int, typer.Option(min=80, max=1280, help="Of the images, in pixels.")] = 320,
) -> None:
    """Write a set of images of homes with captions and labels; a stopped run continues."""
    from mmser_ros.core.console import show_progress
    from mmser_ros.data.home_sets import HomeSetSettings, write_home_set
    from mmser_ros.data.picture_sets import open_sets

    settings = HomeSetSettings(
        split=split, homes=homes, views=views, seed=seed, captions=captions, style=style,
        width=width,
    )  # fmt: skip
    made = write_home_set(out / "homes", settings, show_progress)
    (written,) = open_sets(out, split, ["homes"])
    print(f"{written.report()}; {made} homes made now, {homes - made} were there")
