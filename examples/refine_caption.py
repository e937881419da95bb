# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Correct a given caption of an image: python refine_caption.py IMAGE CAPTION.

The model must have a SeR-connector, as nano has.
"""

import sys

from mmser_ros import Captioner

image, given = sys.argv[1:3]

captioner = Captioner.load("nano")
caption = captioner.caption(image, initial=given)
print(f"given:   {caption.initial_text}")
print(f"refined: {caption.text}")
