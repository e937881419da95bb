# mmser_ros on ROS 2 Jazzy (Ubuntu 24.04), on a CPU or an NVIDIA GPU of a PC:
#   docker build -f docker/jazzy.Dockerfile -t mmser_ros .
#   docker run --rm --net host --ipc host mmser_ros bringup.launch.py map_id:=house
# Without a GPU, --build-arg TORCH_INDEX=<PyTorch's CPU index> spares gigabytes.
FROM ros:jazzy-ros-base

ARG TORCH_INDEX=
ENV PIP_NO_CACHE_DIR=1
SHELL ["/bin/bash", "-eo", "pipefail", "-c"]
WORKDIR /ws

RUN apt-get update && apt-get install -y --no-install-recommends \
      python3-colcon-common-extensions python3-venv \
    && rm -rf /var/lib/apt/lists/*

# What seldom changes first. The system's Python refuses pip; the environment sees ROS's packages.
COPY requirements.txt constraints.txt src/mmser_ros/
RUN python3 -m venv --system-site-packages venv && touch venv/COLCON_IGNORE \
    && venv/bin/pip install -r src/mmser_ros/requirements.txt \
      ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"}

COPY package.xml src/mmser_ros/
RUN apt-get update && rosdep update --rosdistro "$ROS_DISTRO" \
    && rosdep install --from-paths src -iy --rosdistro "$ROS_DISTRO" \
    && rm -rf /var/lib/apt/lists/*

COPY . src/mmser_ros
RUN . venv/bin/activate && . "/opt/ros/$ROS_DISTRO/setup.bash" \
    && colcon build --packages-select mmser_ros && rm -rf build log

ENTRYPOINT ["/bin/bash", "-c", ". /ws/install/setup.bash && exec ros2 launch mmser_ros \"$@\"", "--"]
CMD ["caption.launch.py"]
