# mmser_ros on a Jetson with JetPack 6 (Ubuntu 22.04, so ROS 2 Humble), on its GPU:
#   docker build -f docker/jetson.Dockerfile -t mmser_ros .
#   docker run --rm --runtime nvidia --net host --ipc host mmser_ros bringup.launch.py map_id:=house
# The base brings torch for the Jetson's CUDA, which PyPI has not; for another JetPack give another.
ARG BASE=dustynv/l4t-pytorch:r36.4.0
FROM ${BASE}

ENV DEBIAN_FRONTEND=noninteractive PIP_NO_CACHE_DIR=1 ROS_DISTRO=humble LANG=C.UTF-8
SHELL ["/bin/bash", "-eo", "pipefail", "-c"]
WORKDIR /ws

RUN apt-get update && apt-get install -y --no-install-recommends curl ca-certificates \
    && curl -fsSL https://raw.githubusercontent.com/ros/rosdistro/master/ros.key \
      -o /usr/share/keyrings/ros-archive-keyring.gpg \
    && echo "deb [signed-by=/usr/share/keyrings/ros-archive-keyring.gpg] \
http://packages.ros.org/ros2/ubuntu jammy main" > /etc/apt/sources.list.d/ros2.list \
    && apt-get update && apt-get install -y --no-install-recommends \
      ros-humble-ros-base python3-colcon-common-extensions python3-rosdep python3-venv \
    && rm -rf /var/lib/apt/lists/*

# All but torch: the environment sees that of the base, and is checked to still see its CUDA.
# The base names an index of its own to pip, which has no more than was built for it.
COPY requirements.txt constraints.txt src/mmser_ros/
RUN python3 -m venv --system-site-packages venv && touch venv/COLCON_IGNORE \
    && sed -i '/^torch$/d' src/mmser_ros/requirements.txt \
    && sed -i '/^torch==/d' src/mmser_ros/constraints.txt \
    && env -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL \
      venv/bin/pip install -r src/mmser_ros/requirements.txt \
    && venv/bin/python -c "import torch; assert torch.version.cuda, torch.__version__"

COPY package.xml src/mmser_ros/
RUN (rosdep init || true) && apt-get update && rosdep update --rosdistro "$ROS_DISTRO" \
    && rosdep install --from-paths src -iy --rosdistro "$ROS_DISTRO" \
    && rm -rf /var/lib/apt/lists/*

COPY . src/mmser_ros
RUN . venv/bin/activate && . "/opt/ros/$ROS_DISTRO/setup.bash" \
    && colcon build --packages-select mmser_ros && rm -rf build log

ENTRYPOINT ["/bin/bash", "-c", ". /ws/install/setup.bash && exec ros2 launch mmser_ros \"$@\"", "--"]
CMD ["caption.launch.py"]
