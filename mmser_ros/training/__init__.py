# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How the shipped models came to be: data, cached features, training stages."""
