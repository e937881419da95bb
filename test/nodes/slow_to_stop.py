# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node that is interrupted while it starts, or whose executor is slow to stop."""

import atexit
import gc
import signal
import sys
import threading
from time import sleep

from rclpy.executors import MultiThreadedExecutor
from rclpy.lifecycle import LifecycleNode

from mmser_ros.nodes.common import lifecycle

MODULE = __name__


class SlowExecutor(MultiThreadedExecutor):
    def spin_once(self):
        print("spinning", file=sys.stderr, flush=True)
        super().spin_once()
        sleep(0.5)


class Witness(LifecycleNode):
    """Says whether it was activated, and which threads there are when it is destroyed."""

    def __init__(self):
        super().__init__("witness")
        self.declare_parameter("autostart", value=False)

    def on_activate(self, state):
        signal.raise_signal(signal.SIGINT)
        print("activated", file=sys.stderr)
        return super().on_activate(state)

    def destroy_node(self):
        names = [thread.name for thread in threading.enumerate()]
        print("not stopped" if "executor" in names else "stopped", file=sys.stderr)
        super().destroy_node()


if __name__ == "__main__":
    lifecycle.MultiThreadedExecutor = SlowExecutor
    atexit.register(lambda: print(len(gc.get_objects()), "objects to collect", file=sys.stderr))
    lifecycle.run_lifecycle_nodes([lifecycle.Program("witness", Witness)], None)
