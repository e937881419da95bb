# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser simulate run` as a user runs it, and the processes that it keeps."""

import os
import subprocess
import sys
from signal import SIGINT, SIGKILL
from time import sleep

import pytest

from mmser_ros.core.errors import MmserError
from mmser_ros.demo.processes import NodeProcesses
from test.simulation.home.rooms import NO_GL


@pytest.mark.skipif(bool(NO_GL), reason=NO_GL)
def test_a_home_is_captioned_and_the_memory_answers_until_it_is_interrupted(tiny_checkpoint):
    command = [sys.executable, "-m", "mmser_ros.cli", "simulate", "run", "--viewer", "none"]
    command += ["--seed", "4", "--model", str(tiny_checkpoint), "--speed", "0", "--namespace", "r7"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        caption = next(line for line in process.stdout if " s  " in line)
        assert float(caption.split()[0]) >= 1.0
        process.stdin.write("go to the unicorn\n")
        process.stdin.flush()
        answer = next(line for line in process.stdout if line.startswith("the unicorn"))
        process.send_signal(SIGINT)
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    assert answer == "the unicorn: nothing like it is known\n"


def test_a_node_that_is_killed_comes_back_and_one_that_gives_up_ends_all(monkeypatch, capfd):
    made, popen = [], subprocess.Popen

    def start(command, **options):
        made.append(popen(command, **options))
        return made[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr("mmser_ros.demo.processes.RESPAWN_DELAY", 0.0)
    with NodeProcesses() as processes:
        processes.start("replay", ["-p", "source:=/no/such/folder"])
        os.kill(made[0].pid, SIGKILL)
        with pytest.raises(MmserError, match="replay_node ended with exit status 1"):
            while True:
                processes.check()
                sleep(0.05)
    assert len(made) == 2
    assert all(one.poll() is not None for one in made)
    assert "replay_node was ended by signal 9; it starts again" in capfd.readouterr().err


def test_without_rerun_it_says_what_to_do():
    code = "import sys; sys.modules['rerun'] = None; from mmser_ros.cli.main import main; "
    code += "sys.argv = ['mmser', 'simulate', 'run']; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "give --viewer none" in done.stderr
