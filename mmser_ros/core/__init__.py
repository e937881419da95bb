# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What every other package builds on: types, errors, images, files that ship, the console."""
