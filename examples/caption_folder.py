# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption all JPEG images of a folder: python caption_folder.py FOLDER [MODEL]."""

import sys
from pathlib import Path

from mmser_ros import Captioner

folder, model = [*sys.argv[1:], "small"][:2]

captioner = Captioner.load(model)
for image in sorted(Path(folder).glob("*.jpg")):
    caption = captioner.caption(image)
    print(f"{image.name}: {caption.text} (confidence {caption.confidence:.2f})")
