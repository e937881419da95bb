# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser simulate`: run the nodes in a home, look at one, make sets of images of homes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from mmser_ros.cli.options import Model, Passes, one_pass_number
from mmser_ros.core.resources import DEFAULT_MODEL

simulate_app = typer.Typer(help="Furnished homes that MuJoCo renders.")


@simulate_app.callback(invoke_without_command=True)
def simulate(context: typer.Context) -> None:
    """Furnished homes that MuJoCo renders; without a command: run."""
    if context.invoked_subcommand is None:
        simulate_run()


@simulate_app.command("run")
def simulate_run(
    seed: Annotated[int, typer.Option(min=0, help="Seed of the home.")] = 0,
    split: Annotated[
        Literal["train", "evaluation"],
        typer.Option(help="Designs and textures to use; no design is in both."),
    ] = "evaluation",
    model: Model = DEFAULT_MODEL,
    passes: Passes = "1",
    explore: Annotated[
        bool, typer.Option(help="Drive to what was not seen yet, while there is no goal.")
    ] = True,
    speed: Annotated[
        float, typer.Option(min=0, help="Simulated seconds per second; 0: as fast as it goes.")
    ] = 1.0,
    lockstep: Annotated[
        bool, typer.Option(help="Let time stand still until each image has its caption.")
    ] = True,
    viewer: Annotated[
        Literal["rerun", "none"], typer.Option(help="rerun: a page for a browser.")
    ] = "rerun",
    recording: Annotated[
        Path | None, typer.Option(help="File of the viewer to write, such as home.rrd.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="File of the memory; default: it is not kept.")
    ] = None,
    namespace: Annotated[str, typer.Option(help="Of all nodes, such as robot1.")] = "",
    params_file: Annotated[
        Path | None, typer.Option(help="YAML file of parameters, each node's under its name.")
    ] = None,
) -> None:
    """Run a home, its robot, captions, memory and viewer, as simulator.launch.py does.

    Type what the robot shall go to, such as: the red mug.
    """
    from mmser_ros.demo.simulator import run_simulator

    parameters: dict[str, dict[str, object]] = {
        "simulation": {
            "seed": seed, "split": split, "explore": explore, "speed": speed, "lockstep": lockstep,
        },
        "caption": {"model": model, "passes": one_pass_number(passes)},
        "memory": {} if store is None else {"store_path": store},
        "viewer": {} if recording is None else {"recording": recording},
    }  # fmt: skip
    run_simulator(
        parameters, namespace=namespace, viewer=viewer == "rerun", params_file=params_file
    )


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
    attributes: Annotated[
        bool, typer.Option(help="Whether captions may name colours and materials.")
    ] = True,
) -> None:
    """Write a set of images of homes with captions and labels; a stopped run continues."""
    from mmser_ros.core.console import show_progress
    from mmser_ros.data.home_sets import HomeSetSettings, write_home_set
    from mmser_ros.data.picture_sets import open_sets

    settings = HomeSetSettings(
        split=split, homes=homes, views=views, seed=seed, captions=captions, style=style,
        width=width, attributes=attributes,
    )  # fmt: skip
    made = write_home_set(out / "homes", settings, show_progress)
    (written,) = open_sets(out, split, ["homes"])
    print(f"{written.report()}; {made} homes made now, {homes - made} were there")
