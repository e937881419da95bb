# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption and remember: `ros2 launch mmser_ros bringup.launch.py image_topic:=… map_id:=house`.

It takes the arguments of caption.launch.py and memory.launch.py, but for `params_file`, of which
each node has its own.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from mmser_ros.nodes.launching import shipped_parameters
from mmser_ros.resources import share_path


def generate_launch_description() -> LaunchDescription:
    """Start both nodes."""
    actions = []
    for name in ("caption", "memory"):
        argument = f"{name}_params_file"
        file = str(share_path(f"launch/{name}.launch.py"))  # so that its arguments are listed, too
        actions += [
            DeclareLaunchArgument(
                argument,
                default_value=shipped_parameters(f"{name}.yaml"),
                description=f"YAML file of the parameters of {name}_node.",
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(file),
                launch_arguments={"params_file": LaunchConfiguration(argument)}.items(),
            ),
        ]
    return LaunchDescription(actions)
