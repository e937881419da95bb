# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.evaluation.bench.cases import Case, build, choose_cases, open_case
from mmser_ros.evaluation.bench.limit import Costs, count

IMAGE = np.zeros((48, 64, 3), np.uint8)


def case(kind, model, **options):
    return Case(kind, kind, str(model), longest=6, quantize="none", threads="1", **options)


def test_both_passes_are_timed_by_stages(refining_checkpoint):
    candidate = open_case(case("ours", refining_checkpoint))
    glance, both = (candidate.caption(IMAGE, passes, 6) for passes in (1, 2))
    assert candidate.max_passes == 2
    assert glance.keys() == {"whole", "vision", "prefill", "token", "tokens decoded"}
    assert glance["tokens decoded"] == 5
    assert both.keys() - glance.keys() == {"connector", "second pass", "drafted", "accepted"}
    assert both["drafted"] == 6
    assert 0 <= both["accepted"] <= 6
    assert both["whole"] > both["second pass"] > both["connector"] > 0
    ended = candidate.caption(IMAGE, 1, 0)
    assert ended["tokens decoded"] <= 8


def test_without_drafts_each_token_is_decoded(refining_checkpoint):
    both = open_case(case("ours", refining_checkpoint, drafts=False)).caption(IMAGE, 2, 6)
    assert (both["drafted"], both["accepted"], both["tokens decoded"]) == (0, 0, 10)


@pytest.mark.parametrize("quantize", ["none", "int8"])
def test_plain_transformers_decode_each_token_of_both_passes(refining_checkpoint, quantize):
    one = Case("t", "transformers", str(refining_checkpoint), 6, quantize, threads="1")
    both = open_case(one).caption(IMAGE, 2, 6)
    assert both["tokens decoded"] == 10
    assert both["whole"] > both["second pass"]


def test_captions_longer_than_the_connector_reads_are_refused(refining_checkpoint):
    with pytest.raises(CaptionerError, match=r"tokens is 9; .* 8 at most"):
        build(str(refining_checkpoint), 9)
    with pytest.raises(CaptionerError, match="expected specialist, one of nano, small"):
        build("parrot", 9)


def test_what_is_compared(refining_checkpoint):
    ours = case("ours", refining_checkpoint)
    names = [one.name for one in choose_cases(ours, ["transformers", "hf:some"], each_off=True)]
    assert names[:3] == ["ours", "ours in float32", "ours without drafts"]
    assert names[3:] == ["transformers", "transformers_int8", "llava", "hf:some"]
    with pytest.raises(CaptionerError, match="'parrot'; expected transformers or hf:NAME"):
        choose_cases(ours, ["parrot"], each_off=False)


def test_the_limit_counts_operations_and_weights(refining_checkpoint):
    costs = count(case("ours", refining_checkpoint), "int8")
    language = build(str(refining_checkpoint), 0)[0].language_model
    weights = sum(one.numel() for one in language.parameters())
    assert costs.token_bytes == weights
    assert costs.operations > 2 * 50 * (weights - language.embeddings.numel())
    assert Costs(2e9, 1e6, 1e9, 1e9).limit_ms(3) == pytest.approx(2003)
    assert torch.is_inference_mode_enabled() is False
