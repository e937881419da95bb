# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from std_msgs.msg import Header

from mmser_ros.core.types import Caption, GroundedPhrase, Region
from mmser_ros.nodes.common.conversions import (
    ConversionError,
    caption_to_message,
    message_to_caption,
)

single = st.floats(0, 1, width=32)
metres = st.floats(-1e6, 1e6)
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def captions_of(pixels):
    """Captions whose regions have these numbers."""
    return st.builds(
        Caption,
        text=words,
        initial_text=words,
        confidence=single,
        refined=st.booleans(),
        model=words,
        passes=st.integers(0, 255),
        phrases=st.lists(
            st.builds(
                GroundedPhrase,
                text=words,
                head=words,
                confidence=single,
                region=st.none() | st.builds(Region, pixels, pixels, pixels, pixels),
                point=st.none() | st.tuples(metres, metres, metres),
            ),
            max_size=3,
        ).map(tuple),
        times_ms=st.just({"total": 2000.0}),
    )


captions = captions_of(st.integers(0, 2**32 - 1))


@given(captions)
def test_round_trip(caption):
    header = Header(frame_id="eye")
    message = caption_to_message(caption, header)
    assert message.header == header
    assert message.inference_time == 2.0
    assert message_to_caption(message) == caption


@pytest.mark.parametrize("confidence", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_confidence_that_is_none_is_not_published(confidence):
    caption = Caption("a cat", "a cat", 0.5, refined=False, model="nano", passes=1)
    phrase = GroundedPhrase("a cat", "cat", confidence)
    for wrong in (replace(caption, confidence=confidence), replace(caption, phrases=(phrase,))):
        with pytest.raises(ConversionError, match="expected 0 to 1"):
            caption_to_message(wrong, Header())


@pytest.mark.parametrize("passes", [-1, 256])
def test_passes_that_the_message_can_not_hold(passes):
    caption = Caption("a cat", "a cat", 0.5, refined=False, model="nano", passes=passes)
    with pytest.raises(ConversionError, match="expected 0 to 255"):
        caption_to_message(caption, Header())
