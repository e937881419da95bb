# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Image messages as a broken driver might send them, and good ones."""

import numpy as np
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.nodes.common.image_conversions import ENCODINGS, PLANAR
from test.nodes.conftest import make_compressed, make_image

sizes = st.one_of(st.integers(0, 12), st.sampled_from([2**16, 2**31, 2**32 - 1]))

junk_images = st.builds(
    Image,
    height=sizes,
    width=sizes,
    encoding=st.one_of(
        st.sampled_from([*ENCODINGS, *PLANAR, "", "nv99", "32FC1"]), st.text(max_size=6)
    ),
    is_bigendian=st.integers(0, 1),
    step=st.one_of(st.integers(0, 64), st.sampled_from([2**31, 2**32 - 1])),
    data=st.binary(max_size=600),
)
good_images = st.builds(
    make_image, shade=st.integers(0, 255), size=st.tuples(st.integers(1, 9), st.integers(1, 9))
)


@st.composite
def consistent_images(draw):
    """Any encoding and any bytes, with a length and a step that fit, or nearly."""
    encoding = draw(st.sampled_from(sorted([*ENCODINGS, *PLANAR])))
    channels, depth, _ = ENCODINGS.get(encoding, (1, 1, None))
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    step = width * channels * depth + draw(st.integers(0, 3))
    rows = height * 3 // 2 if encoding in PLANAR else height
    length = max(0, rows * step - draw(st.integers(0, 3)))
    data = draw(st.binary(min_size=length, max_size=length))
    return Image(height=height, width=width, encoding=encoding, step=step, data=data)


images = st.one_of(junk_images, consistent_images(), good_images)
gradient = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
files = [make_compressed(gradient, kind).data.tobytes() for kind in (".jpg", ".png")]
cut_files = st.sampled_from(files).flatmap(
    lambda file: st.integers(0, len(file)).map(lambda length: file[:length])
)
compressed_images = st.builds(
    CompressedImage,
    format=st.sampled_from(["jpeg", "png", "rgb8; jpeg compressed bgr8", ""]),
    data=st.one_of(
        st.binary(max_size=200),
        cut_files,
        st.binary(max_size=60).map(lambda tail: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + tail),
        st.binary(max_size=60).map(lambda tail: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + tail),
    ),
)
