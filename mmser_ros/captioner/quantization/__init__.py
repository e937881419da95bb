# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Number formats of weights: what they do, and which is fastest on this machine."""
