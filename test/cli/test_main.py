# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser` as a user meets it: in a process of its own."""

import json
import subprocess
import sys

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from mmser_ros.cli.main import app, main
from mmser_ros.visualization.caption_overlay import INKS


def mmser(*arguments, status=0):
    command = [sys.executable, "-m", "mmser_ros.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def photo(tmp_path, picture):
    path = tmp_path / "photo.jpg"
    Image.fromarray(picture).save(path)
    return path


def test_caption_as_json(photo, tiny_checkpoint):
    done = mmser("caption", photo, "--json", "--model", tiny_checkpoint)
    result = json.loads(done.stdout)
    assert {
        "caption",
        "initial_caption",
        "confidence",
        "refined",
        "model",
        "passes",
        "times_ms",
    } <= result.keys()
    assert (result["model"], result["refined"], result["passes"]) == ("tiny", False, 1)


def test_a_second_pass(photo, tmp_path, refining_checkpoint):
    common = ("caption", photo, "--json", "--model", refining_checkpoint)
    twice = json.loads(mmser(*common, "--passes", 2).stdout)
    assert (twice["refined"], twice["passes"]) == (True, 2)
    both = mmser(*common, "--passes", "1,2").stdout.splitlines()
    assert [json.loads(one)["passes"] for one in both] == [1, 2]
    sure = mmser(*common, "--passes", 2, "--refine-below", 0).stdout.splitlines()
    assert [json.loads(one)["passes"] for one in sure] == [1]
    assert json.loads(both[1])["caption"] == twice["caption"]
    out = tmp_path / "passes.png"
    given = json.loads(mmser(*common, "--initial", twice["initial_caption"], "--out", out).stdout)
    assert (given["caption"], given["passes"]) == (twice["caption"], 2)
    added = (np.asarray(Image.open(out)) == INKS["added"]).all(axis=-1).any()
    assert added == (twice["caption"] != twice["initial_caption"])


def test_phrases_are_found_where_asked_for(photo, tiny_checkpoint):
    arguments = ["caption", str(photo), "--json", "--ground", "--model", str(tiny_checkpoint)]
    result = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert all(phrase["region"]["width"] > 0 for phrase in result["phrases"])
    assert result["times_ms"]["ground"] > 0


def test_each_pass_is_explained_in_one_picture(
    photo, tmp_path, tiny_checkpoint, refining_checkpoint
):
    heights = []
    for checkpoint, passes in ((tiny_checkpoint, 1), (refining_checkpoint, 2)):
        out = tmp_path / f"{passes}.png"
        arguments = ["explain", str(photo), "--out", str(out), "--model", str(checkpoint)]
        said = CliRunner().invoke(app, arguments).stdout.splitlines()
        assert [line.split(":")[0] for line in said] == [f"pass {n + 1}" for n in range(passes)]
        heights.append(Image.open(out).height)
    assert heights[1] > 1.5 * heights[0]
    said = CliRunner().invoke(app, [*arguments, "--passes", "2"]).stdout.splitlines()
    assert [line.split(":")[0] for line in said] == ["pass 2"]


def test_several_pictures_one_of_them_broken(photo, tmp_path, tiny_checkpoint):
    liar = tmp_path / "liar.jpg"
    liar.write_text("I am a text file")
    out = tmp_path / "out"
    done = mmser(
        "caption",
        photo,
        liar,
        tmp_path / "gone.png",
        "--model",
        tiny_checkpoint,
        "--out",
        out,
        status=1,
    )
    assert len(done.stdout.splitlines()) == 1
    assert "liar.jpg is not an image" in done.stderr
    assert "no such image" in done.stderr
    assert "gone.png" in done.stderr
    drawn = np.asarray(Image.open(out / "photo.jpg"))
    original = np.asarray(Image.open(photo))
    assert drawn.shape[1] == original.shape[1]
    assert drawn.shape[0] > original.shape[0]


def test_unknown_models_and_broken_checkpoints(photo, tmp_path, tiny_checkpoint):
    assert "no model 'gigantic'" in mmser("caption", photo, "--model", "gigantic", status=1).stderr
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in tiny_checkpoint.iterdir():
        data = file.read_bytes()
        (broken / file.name).write_bytes(data[:100] if file.name == "model.safetensors" else data)
    said = mmser("caption", photo, "--model", broken, status=1).stderr
    assert "model.safetensors is damaged" in said.replace("\n", "")


def test_one_file_for_several_pictures_is_refused(photo, tiny_checkpoint):
    arguments = ("caption", photo, photo, "--model", tiny_checkpoint, "--out", "both.jpg")
    assert "give a folder" in mmser(*arguments, status=1).stderr


def test_info_says_what_is_there():
    facts = json.loads(mmser("info", "--json").stdout)
    assert facts["mmser_ros"] == "0.1.0"
    assert any(line.startswith("nano ") for line in facts["models"])
    assert any(line.startswith("torch 2.") for line in facts["versions"])
    assert not any(line.startswith("rclpy") for line in facts["missing"])
    assert "nano" in mmser("info").stdout


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["evaluate", "model", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    heavy = ("torch", "transformers", "rclpy", "spacy", "numpy", "scipy", "networkx", "PIL")
    code = f"import sys; sys.argv = ['mmser', *{arguments}]\nfrom mmser_ros.cli.main import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += f"print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version():
    assert mmser("--version").stdout == "mmser_ros 0.1.0\n"


def commands(group, path=()):
    """All commands of `mmser` with their names."""
    if not hasattr(group, "commands"):
        yield path, group
        return
    for name, command in group.commands.items():
        yield from commands(command, (*path, name))


def test_each_command_and_option_has_a_help_text():
    found = dict(commands(typer.main.get_command(app)))
    assert {("evaluate", "planted"), ("perturb", "llm"), ("memory", "export")} <= found.keys()
    for path, command in found.items():
        assert command.help, path
        for one in command.params:
            assert one.help, (path, one.name)
        if "out" in {one.name for one in command.params}:
            assert next(one for one in command.params if one.name == "out").opts == ["--out"], path


@pytest.mark.parametrize(
    ("command", "any_model"),
    [("caption", True), ("explain", False), ("calibrate", False), ("train refine", False)],
)
def test_help_says_which_models_a_command_takes(command, any_model):
    shown = CliRunner().invoke(app, [*command.split(), "--help"]).stdout
    assert ("hf:NAME" in shown) == any_model


def test_help_shows_the_choices():
    shown = CliRunner().invoke(app, ["evaluate", "model", "--help"], env={"COLUMNS": "160"}).stdout
    for choices in ("train|dev", "all|training|validation", "auto|none|bf16|fp16|int8"):
        assert choices in shown


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["captoin", "photo.jpg"],
        ["caption"],
        ["caption", "photo.jpg", "--quantize", "int3"],
        ["caption", "photo.jpg", "--passes", "0"],
        ["demo", "--passes", "1,2"],
        ["evaluate", "model", "--data", "gone", "--split", "test"],
        ["evaluate", "model", "--data", "gone"],
        ["evaluate", "captions", "--data", "gone"],
        ["evaluate", "planted"],
        ["perturb", "llm", "--data", "gone"],
        ["perturb", "lexicon", "--data", "gone", "--show", "1"],
        ["memory", "export", "gone.sqlite", "home.json"],
        ["memory", "export", "gone.sqlite", "--out", "home.json"],
        ["memory", "export", "gone.sqlite", "--out", "home.json", "--format", "yaml"],
        ["memory", "show", "gone.sqlite", "--out", "map.pdf"],
        ["train", "glance", "--data", "gone", "--recipe", "gone.yaml"],
        ["calibrate", "--data", "gone", "--out", "out", "--passes", "one"],
    ],
)
def test_a_wrong_command_line_ends_in_words(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["mmser", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code in (1, 2)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "error: " in said.err or "Error" in said.err or "Usage: " in said.out
    assert list(tmp_path.iterdir()) == []


def test_run_refuses_a_parameter_file_that_is_not_there(tmp_path):
    said = mmser("run", "caption", "--params-file", tmp_path / "no.yaml", status=1).stderr
    assert "no parameter file" in said


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(13, "Permission denied", "/root/model"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ],
)
def test_a_file_that_can_not_be_read_is_no_traceback(monkeypatch, capsys, error):
    def fail():
        raise error

    monkeypatch.setattr("mmser_ros.cli.main.app", fail)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert f"error: {error}" in capsys.readouterr().err


def test_numbers_that_are_none_name_their_option(photo):
    for option, given in (("--passes", "many"), ("--beams", "99"), ("--threads", "some")):
        arguments = ["caption", str(photo), option, given]
        done = CliRunner().invoke(app, arguments)
        said = f"{done.output}{done.exception}"
        assert done.exit_code != 0
        assert option.strip("-") in said
        assert "Traceback" not in said


def test_run_replay_uses_the_shipped_parameters(tmp_path, photo):
    done = mmser("run", "replay", "-p", f"source:={photo.parent}", "-p", "rate:=50.0")
    assert "replayed 1 images" in done.stderr


def test_the_photographs_of_the_demo_end_with_a_result():
    lines = mmser("demo", "photos").stdout.splitlines()
    result = json.loads(lines[-1])
    assert result["images"] == 18
    assert result["headers_match"] is True
    assert result["captions"] + sum(result["dropped"].values()) == 18
    assert result["latency_ms"].keys() == {"p50", "p99"}
    for name in ("astronaut.png: ", "china.jpg: "):
        assert any(line.startswith(name) for line in lines)
    assert len({one["question"] for one in result["questions"]}) == 3
    for one in result["questions"]:
        assert one["object"]
        assert one["question"].startswith("where is the ")
        assert one["pose"]["frame_id"] == "map"
        assert any(f": {one['caption']}  (" in line for line in lines)
        assert any(line.startswith(f"{one['question']}  → stand at (") for line in lines)
        x, y = one["pose"]["x"], one["pose"]["y"]
        assert (x % 4 == 0 and y >= 0) or (x % 4 == 2 and y <= 0)  # where it looked from
