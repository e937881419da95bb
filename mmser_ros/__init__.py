# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Robot scene captioning with multimodal self-refinement (MM-SeR) for ROS 2."""

from pkgutil import extend_path

# msg/ and srv/ are generated, so they lie beside the *installed* modules: with this
# they are found also where the source tree comes first on sys.path.
__path__ = extend_path(__path__, __name__)
__version__ = "0.1.0"
