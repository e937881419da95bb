# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
