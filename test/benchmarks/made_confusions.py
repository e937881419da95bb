# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Made counts of a captioner's errors, with confidences that tell right captions from wrong ones.

Nothing of it was measured: it stands in for a model until one is counted.
"""

import numpy as np

from benchmarks.confusions import Confusions

TAKEN_FOR = {
    "chair": ("bench", "sofa"), "table": ("desk", "bench"), "desk": ("table",),
    "sofa": ("bed", "chair"), "bed": ("sofa", "bench"), "bench": ("table", "chair"),
    "wardrobe": ("refrigerator", "bookshelf"), "bookshelf": ("wardrobe",),
    "refrigerator": ("wardrobe", "stove"), "stove": ("washing machine", "sink"),
    "nightstand": ("desk", "box"), "lamp": ("vase", "clock"), "television": ("laptop", "clock"),
    "mug": ("bowl", "bottle"), "bottle": ("vase", "mug"), "book": ("laptop", "box"),
    "laptop": ("book", "television"), "ball": ("toy", "hat"), "hat": ("towel", "shoe"),
    "plant": ("vase", "umbrella"), "pillow": ("towel", "backpack"),
}  # fmt: skip
"""The rest are all right, or taken for what objects of their kind are taken for."""
PICTURES = 1000


def made_confusions(*, wrong: float = 0.15, seed: int = 0) -> Confusions:
    """Of every object `wrong` of its mentions are of another word; a quarter goes unnamed.

    A fifth of the captions invents something. Confidences are probabilities (of half of the
    captions that they are right) and tell right from wrong in 3 of 4 pairs: an AUROC of 0.76.
    """
    random = np.random.default_rng(seed)
    named = 100.0
    rows = {
        word: {word: named * (1 - wrong), **{one: named * wrong / len(taken) for one in taken}}
        for word, taken in TAKEN_FOR.items()
    }
    missed = dict.fromkeys(rows, named / 3)
    invented = dict.fromkeys(("person", "chair", "book", "plant"), PICTURES / 20)
    right, wrong_ones = (
        tuple(np.round(random.beta(*shape, size=500), 4).tolist()) for shape in ((3, 2), (2, 3))
    )
    return Confusions(PICTURES, rows, missed, invented, right, wrong_ones)
