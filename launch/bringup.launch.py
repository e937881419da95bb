# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption and remember: `ros2 launch mmser_ros bringup.launch.py image_topic:=… map_id:=house`.

It takes the arguments of caption.launch.py and memory.launch.py. Captions are grounded, so that
the memory learns where in the image things were.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_context import LaunchContext
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from mmser_ros.core.resources import share_path
from mmser_ros.nodes.caption.parameters import CAPTION_PARAMETERS
from mmser_ros.nodes.common.launch import ONE_PROCESS, shipped_parameters, start_together

NODES = ("caption", "memory")
GROUND = next(one for one in CAPTION_PARAMETERS if one.name == "ground")


def generate_launch_description() -> LaunchDescription:
    """Start both nodes."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "params_file",
                default_value="",
                description="YAML file of the parameters of both nodes, each under its name; "
                "empty: the shipped ones.",
            ),
            *(
                DeclareLaunchArgument(
                    f"{name}_params_file",
                    default_value="",
                    description=f"The same of {name}_node alone; empty: params_file.",
                )
                for name in NODES
            ),
            DeclareLaunchArgument(
                GROUND.name,
                default_value="true",
                description=f"{GROUND.description} Without regions the memory puts every object "
                "straight ahead of the camera. Empty: as params_file says.",
            ),
            DeclareLaunchArgument(
                ONE_PROCESS,
                default_value="false",
                choices=["true", "false"],
                description="Run both nodes in one process, which takes less memory.",
            ),
            OpaqueFunction(function=choose_files),
            *(
                IncludeLaunchDescription(
                    # now, so that its arguments are listed, too
                    PythonLaunchDescriptionSource(str(share_path(f"launch/{name}.launch.py"))),
                    launch_arguments={"params_file": LaunchConfiguration(f"{name}_file")}.items(),
                )
                for name in NODES
            ),
            OpaqueFunction(function=start_together),
        ]
    )


def choose_files(context: LaunchContext) -> None:
    """Say which file each node reads, before the first one's `params_file` hides that of both."""
    given = context.launch_configurations
    for name in NODES:
        shipped = shipped_parameters(f"{name}.yaml").perform(context)
        given[f"{name}_file"] = given[f"{name}_params_file"] or given["params_file"] or shipped
