# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Data sets of images with human captions and labels, for training and evaluation."""
