# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`python -m mmser_ros.cli` is the command `mmser`."""

from mmser_ros.cli.main import main

if __name__ == "__main__":
    main()
