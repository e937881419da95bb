# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO caption metrics (arXiv 1504.00325) by the scorers of pycocoevalcap.

Captions are tokenized as COCO does: Penn Treebank, lower case, no punctuation. COCO runs Stanford's
Java tokenizer; NLTK's does the same without Java (docs/evaluation.md compares them).
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Mapping, Sequence

from nltk.tokenize import NLTKWordTokenizer
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from mmser_ros.core.errors import MmserError
from mmser_ros.evaluation.bootstrap import Figure
from mmser_ros.evaluation.meteor import Meteor

PUNCTUATION = frozenset(
    ["''", "'", "``", "`", "(", ")", "{", "}", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
)
_TREEBANK = NLTKWordTokenizer()


class MetricError(MmserError):
    """Captions that can't be scored."""


def tokenize(caption: str) -> str:
    """Tokenize one caption as COCO does; tokens are joined by single spaces.

    Examples:
        >>> tokenize("A man's dog, running (fast).")
        "a man 's dog running fast"
    """
    tokens = _TREEBANK.tokenize(re.sub(r"\.(?=\s|$)", " . ", caption.lower()))
    return " ".join(token for token in tokens if token not in PUNCTUATION)


def score(
    captions: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    meteor: Meteor | None = None,
) -> dict[str, float]:
    """Score captions against their references.

    Args:
        captions: image → caption.
        references: image → its human captions, for the same images.
        meteor: from `running_meteor`; None: METEOR is left out.

    Returns:
        `BLEU-1` to `BLEU-4`, `METEOR`, `ROUGE-L`, `CIDEr`, as fractions (COCO's tables show them
        times 100).

    Raises:
        MetricError: no captions, or the images are not the same.
    """
    figures = score_figures(captions, references, meteor)
    return {name: figure.value for name, figure in figures.items()}


def score_figures(
    captions: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    meteor: Meteor | None = None,
) -> dict[str, Figure]:
    """As `score`, with the terms of each image for ROUGE-L and CIDEr.

    CIDEr's document frequencies are counted once, over all images.

    Raises:
        MetricError: see `score`.
    """
    if not captions or captions.keys() != references.keys():
        msg = (
            f"got {len(captions)} captions and references of {len(references)} images; "
            "expected at least one image, and the same ones"
        )
        raise MetricError(msg)
    # pycocoevalcap relies on both having the same order
    hypotheses = {key: [tokenize(caption)] for key, caption in captions.items()}
    truths = {key: [tokenize(one) for one in references[key]] for key in captions}
    with contextlib.redirect_stdout(io.StringIO()):  # the scorers print their progress
        bleu, _ = Bleu(4).compute_score(truths, hypotheses, verbose=0)
        _, cider = Cider().compute_score(truths, hypotheses)
        _, rouge = Rouge().compute_score(truths, hypotheses)
    scores = {f"BLEU-{order}": Figure(float(one)) for order, one in enumerate(bleu, start=1)}
    if meteor is not None:
        whole = meteor([one for [one] in hypotheses.values()], [*truths.values()])
        scores["METEOR"] = Figure(whole)
    return scores | {"ROUGE-L": Figure.mean(rouge), "CIDEr": Figure.mean(cider)}
