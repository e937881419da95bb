# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser bench`: time, memory and energy of captioners, measured side by side."""
