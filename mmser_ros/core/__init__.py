# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What all other packages use: types, errors, images, shipped files, the console."""
