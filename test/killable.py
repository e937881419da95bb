# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser` in processes of its own, which may be killed at any moment and may be several."""

import itertools
import multiprocessing
import os
import signal
import socket
import sys

# The server imports once what takes seconds, and forks a fresh process for each run.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["mmser_ros.cli.main", "mmser_ros.training.runs", "torch._dynamo", "torch.utils.tensorboard"]
)


def start(arguments, log, die_at=None, environment=()):
    """Start `mmser` with these arguments; its output goes to the file `log`.

    It saves its state after every step. With die_at = (steps, calls) it is killed so many Python
    calls after so many steps.
    """
    process = CONTEXT.Process(target=_run, args=(arguments, log, die_at, dict(environment)))
    process.start()
    return process


def wait(process, log):
    """The exit status of a process, and its output."""
    process.join(120)
    process.kill()
    process.join()
    return process.exitcode, log.read_text()


def members(count):
    """The environment of each of so many processes that train together, as torchrun's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return [
        {
            "GLOO_SOCKET_IFNAME": "lo",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "WORLD_SIZE": str(count),
            "LOCAL_WORLD_SIZE": str(count),
            "RANK": str(number),
            "LOCAL_RANK": str(number),
        }
        for number in range(count)
    ]


def _run(arguments, log, die_at, environment):
    os.environ.update(environment, OMP_NUM_THREADS="1", ACCELERATE_USE_CPU="true")
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["mmser", *map(str, arguments)]

    from mmser_ros.cli.main import main
    from mmser_ros.training import loop
    from mmser_ros.training.progress_log import ProgressLog

    loop.monotonic = itertools.count(step=1000).__next__
    if die_at:
        steps, calls = die_at
        passing = itertools.count(1)
        noted = itertools.count(1)

        def watch(*_):
            if next(passing) >= calls:
                os.kill(os.getpid(), signal.SIGKILL)

        def note(log, *arguments, step=ProgressLog.step):
            step(log, *arguments)
            if next(noted) == steps:
                sys.settrace(watch)

        ProgressLog.step = note
        if steps == 0:
            sys.settrace(watch)
    main()
