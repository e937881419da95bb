# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from test.training.conftest import flickr

__all__ = ["flickr"]
