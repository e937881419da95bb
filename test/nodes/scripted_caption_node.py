# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node with the scripted captioner, which loads at once."""

from functools import partial

from mmser_ros.nodes.caption.node import CaptionNode
from mmser_ros.nodes.common.lifecycle import Program, run_lifecycle_nodes
from test.nodes.scripted_captioner import Captioner

MODULE = __name__

if __name__ == "__main__":
    make = partial(CaptionNode, lambda **_: Captioner())
    run_lifecycle_nodes([Program("caption_node", make)], None)
