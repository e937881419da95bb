# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`pip install .`: build the package against the ROS 2 wheels of PyPI.

colcon builds with CMakeLists.txt (package.xml says ament_cmake) and does not read this file.
Here the same CMakeLists.txt is built into a staging folder; its Python modules become the
wheel's modules, and its lib/, share/ and include/ the wheel's data files, which pip puts under
the prefix of the environment.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
PACKAGE = ET.parse(HERE / "package.xml").getroot()
NAME = PACKAGE.findtext("name")


class BuildWithCMake(build_ext):
    """Build messages and modules with CMake, then hand them to setuptools."""

    def run(self) -> None:
        """Configure, build, install into the staging folder, and collect what is there."""
        if self.editable_mode:
            sys.exit("editable installs are not supported: run 'pip install .' again instead")
        build = Path(self.build_temp).resolve()
        modules = Path(self.build_lib).resolve() / NAME
        for stale in (build, modules):  # pip's last build environment, modules since deleted
            shutil.rmtree(stale, ignore_errors=True)
        stage = build / "stage"
        configure = [
            *("cmake", "-S", str(HERE), "-B", str(build), "-G", "Ninja"),
            "-DCMAKE_BUILD_TYPE=Release",
            "-DBUILD_TESTING=OFF",
            f"-DCMAKE_INSTALL_PREFIX={stage}",
            f"-DPython3_EXECUTABLE={sys.executable}",
            f"-DCMAKE_PROJECT_{NAME}_INCLUDE={HERE / 'cmake/ros_wheels_fixup.cmake'}",
        ]
        subprocess.run(configure, check=True)
        subprocess.run(["cmake", "--build", str(build), "--target", "install"], check=True)

        site = next(stage.glob("lib/python3*/site-packages"))
        self.copy_tree(str(site / NAME), str(modules))
        self.distribution.data_files = [
            (os.path.relpath(folder, stage), [os.path.join(folder, file) for file in files])
            for folder, _, files in os.walk(stage)
            if files and site not in (Path(folder), *Path(folder).parents)
        ]


setup(
    version=PACKAGE.findtext("version"),
    packages=[],
    py_modules=[],
    ext_modules=[Extension(f"{NAME}._rosidl", sources=[])],
    cmdclass={"build_ext": BuildWithCMake},
)
