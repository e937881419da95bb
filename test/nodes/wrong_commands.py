# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The nodes' own `main`, given one command line after the other: `MODULE < cases.json`."""

import json
import sys
import traceback
from importlib import import_module

MODULE = __name__


def outcome(node, arguments):
    """How a node ends; `traceback` where it ends with one."""
    try:
        import_module(f"mmser_ros.nodes.{node.removesuffix('_node')}.node").main([node, *arguments])
    except SystemExit as end:
        return {"said": str(end.code)}
    except BaseException:
        return {"said": traceback.format_exc(), "traceback": True}
    return {"said": ""}


if __name__ == "__main__":
    print(json.dumps([outcome(*case) for case in json.load(sys.stdin)]))
