# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and what people said of them: the reader that training and evaluation share."""
