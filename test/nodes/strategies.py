# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Image messages as a broken driver might send them, and good ones."""

from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.nodes.images import ENCODINGS
from test.nodes.conftest import make_image

sizes = st.one_of(st.integers(0, 12), st.sampled_from([2**16, 2**31, 2**32 - 1]))

junk_images = st.builds(
    Image,
    height=sizes,
    width=sizes,
    encoding=st.one_of(st.sampled_from([*ENCODINGS, "", "nv12", "32FC1"]), st.text(max_size=6)),
    is_bigendian=st.integers(0, 1),
    step=st.one_of(st.integers(0, 64), st.sampled_from([2**31, 2**32 - 1])),
    data=st.binary(max_size=600),
)
good_images = st.builds(
    make_image, shade=st.integers(0, 255), size=st.tuples(st.integers(1, 9), st.integers(1, 9))
)
images = st.one_of(junk_images, good_images)
compressed_images = st.builds(
    CompressedImage,
    format=st.sampled_from(["jpeg", "png", "rgb8; jpeg compressed bgr8", ""]),
    data=st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=60).map(lambda tail: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + tail),
        st.binary(max_size=60).map(lambda tail: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + tail),
    ),
)
