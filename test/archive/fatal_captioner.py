# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A captioner that says how bright images are, and whose process can be killed in its work."""

import os
from pathlib import Path
from signal import SIGKILL

from mmser_ros.captioner import Answer, AnsweringCaptioner

DEADLY = "MMSER_TEST_DEADLY"
"""Variable of the environment: a file; the first process that captions a third batch and finds
none there makes it, and dies."""


class FatalCaptioner(AnsweringCaptioner):
    def __init__(self, **_options):
        super().__init__("fatal")
        self.num_batches = 0

    def answer(self, images, initials, beams):
        self.num_batches += 1
        if self.num_batches == 3 and DEADLY in os.environ:
            try:
                Path(os.environ[DEADLY]).touch(exist_ok=False)
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), SIGKILL)
        return [Answer(f"{image.mean():.0f} of {len(images)}") for image in images]
