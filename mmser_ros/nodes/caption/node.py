# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node: camera images in, scene captions out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header, String

from mmser_ros.core.errors import format_error
from mmser_ros.core.types import Caption
from mmser_ros.msg import SceneCaption
from mmser_ros.nodes.caption.diagnostics import caption_status
from mmser_ros.nodes.caption.parameters import CAPTION_PARAMETERS
from mmser_ros.nodes.caption.statistics import PLAUSIBLE, StreamStatistics
from mmser_ros.nodes.caption.view import check_view
from mmser_ros.nodes.caption.worker import CaptionWorker, read
from mmser_ros.nodes.common.conversions import caption_to_message
from mmser_ros.nodes.common.lifecycle import Program, run_lifecycle_nodes
from mmser_ros.nodes.common.managed_node import ManagedNode
from mmser_ros.nodes.common.topic_health import explain_input, loss_cure
from mmser_ros.srv import CaptionImage

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # its name on Humble
    from rclpy.qos_event import SubscriptionEventCallbacks


if TYPE_CHECKING:
    from mmser_ros.captioner.protocol import CaptionModel

OPTIONS = ("model", "device", "quantize", "threads", "passes", "beams", "refine_below")
SETTINGS = ("prompt", "style", "max_tokens", "revision", "refiner", "crops", "compile")
TIMEOUT = "request_timeout"


def load_captioner(*, request_timeout: float, **options: Any) -> CaptionModel:
    """`open_captioner`, imported when it is needed: torch takes seconds."""
    from mmser_ros.captioner.opening import open_captioner
    from mmser_ros.captioner.settings import ModelSettings

    given = {name: options.pop(name) for name in SETTINGS}
    settings = ModelSettings(**given, timeout_s=request_timeout)
    return open_captioner(**options, settings=settings)


class CaptionNode(ManagedNode):
    """The ROS side of captioning: topics, service, parameters, lifecycle, diagnostics.

    The subscription only swaps the image that waits; `CaptionWorker` captions.

    Args:
        captioner_factory: takes the parameters in `OPTIONS` and `SETTINGS` and `TIMEOUT` and
            returns a captioner; may raise MmserError.
        options: of LifecycleNode.

    Attributes:
        statistics: of the stream since the node was made.
    """

    cannot = "the model can't be loaded"

    def __init__(
        self, captioner_factory: Callable[..., CaptionModel] = load_captioner, **options: Any
    ) -> None:
        self.statistics = StreamStatistics()
        self._captioner_factory = captioner_factory
        self._captioner: CaptionModel | None = None
        self._worker: CaptionWorker | None = None
        self._newest: Image | CompressedImage | None = None
        super().__init__("caption_node", CAPTION_PARAMETERS, **options)
        self.add_on_set_parameters_callback(self._check_parameters)
        compressed = self.get("image_transport") == "compressed"
        self._type: type = CompressedImage if compressed else Image
        self._topic = self.resolve_topic_name("image")
        if compressed and not self._topic.endswith("/compressed"):
            self._topic += "/compressed"
        self._qos = QoSProfile(
            depth=self.get("qos_depth"),
            reliability=ReliabilityPolicy[self.get("qos_reliability").upper()],
            durability=DurabilityPolicy[self.get("qos_durability").upper()],
        )

    # Lifecycle

    def open(self) -> str:
        """Load the model and open topics and service."""
        options = {name: self.get(name) for name in (*OPTIONS, *SETTINGS, TIMEOUT)}
        self._captioner = self._captioner_factory(**options)
        self._worker = CaptionWorker(self, self._captioner, self._publish, self.statistics)
        self._captions = self.create_lifecycle_publisher(SceneCaption, "scene_caption", 10)
        mirror = self.resolve_topic_name("scene_caption") + "/text"  # goes where captions go
        self._texts = self.create_lifecycle_publisher(String, mirror, 10)
        for publisher in (self._texts, self._captions):
            self.opened.callback(self.destroy_lifecycle_publisher, publisher)
        subscription = self.create_subscription(
            self._type,
            self._topic,
            self.on_image,
            self._qos,
            callback_group=MutuallyExclusiveCallbackGroup(),
            event_callbacks=SubscriptionEventCallbacks(message_lost=self._on_lost),
        )
        # In the node's own group, as the lifecycle services are: no transition takes the model
        # away from a request that is being answered.
        service = self.create_service(CaptionImage, "~/caption_image", self._caption_image)
        self.opened.callback(self.destroy_service, service)
        self.opened.callback(self.destroy_subscription, subscription)
        return f"{self._captioner.name} on {self._captioner.device}, waiting for {self._topic}"

    def run(self, *, running: bool) -> None:
        """Start the worker, or stop it; the caption in work is published if it comes soon."""
        if self._worker is not None and running:
            self._worker.start()
        elif self._worker is not None:
            self._worker.stop()

    def close(self) -> None:
        """Close topics and service and let the model go."""
        super().close()
        self._captioner = self._worker = self._newest = None

    def end_requests(self) -> None:
        """Stop the worker and abort requests for captions, as the process is about to end."""
        if self._worker is not None:
            self._worker.stop()
            self._worker.end_requests()

    # Images and captions

    def on_image(self, message: Image | CompressedImage) -> None:
        """Take an image from the camera."""
        worker = self._worker
        if worker is not None:
            self._newest = message
            worker.offer(message)

    def _on_lost(self, event: Any) -> None:
        count = event.total_count_change
        if not self.statistics.lost(count):
            text = f"the middleware reports {count} lost images at once; expected 0 to {PLAUSIBLE}"
            self.get_logger().warning(f"{text}: counted as one", once=True)

    def _publish(self, caption: Caption, header: Header) -> None:
        if self.context.ok():  # else interrupted meanwhile: no topic is left to publish on
            self._captions.publish(caption_to_message(caption, header))
            self._texts.publish(String(data=caption.text))

    def _caption_image(
        self, request: CaptionImage.Request, response: CaptionImage.Response
    ) -> CaptionImage.Response:
        message: Image | CompressedImage | None = self._newest
        given = len(request.image.data) + len(request.compressed_image.data) > 0
        if len(request.image.data):
            message = request.image
        elif len(request.compressed_image.data):
            message = request.compressed_image
        if message is None or self._worker is None:
            response.message = f"the request has no image and none came on {self._topic} yet"
            return response
        try:
            image = read(message)
            if not given:  # else the asker knows what it shows
                check_view(image, self.get("min_view"))
            caption = self._worker.caption(
                image,
                request.passes or self.get("passes"),
                initial=request.initial_caption,
                ground=request.ground,
            )
            response.caption = caption_to_message(caption, message.header)
        except Exception as error:  # the asker is told; the node goes on
            response.message = str(error) or type(error).__name__
            self.get_logger().warning(f"a request for a caption failed: {format_error(error)}")
            return response
        response.success = True
        return response

    # Parameters and diagnostics

    def _check_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        model = self._captioner
        if model is None:
            return SetParametersResult(successful=True)
        most = {"passes": model.max_passes, "beams": model.max_beams}
        for parameter in parameters:
            name, value = parameter.name, parameter.value
            if name in most and value > most[name]:
                reason = f"{name} is {value}; {model.name} takes 1 to {most[name]}"
                return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    def status(self) -> DiagnosticStatus:
        """How images come in and captions go out, and what is wrong."""
        captioner, worker = self._captioner, self._worker
        type_name = f"sensor_msgs/msg/{self._type.__name__}"
        return caption_status(
            f"{self.get_fully_qualified_name()}: captions",
            self.statistics.snapshot(),
            {
                "model": captioner.name if captioner else self.get("model"),
                "device": captioner.device if captioner else self.get("device"),
                "quantize": captioner.quantize if captioner else self.get("quantize"),
                "threads": str(captioner.threads if captioner else self.get("threads")),
                "passes": str(self.get("passes")),
            },
            state=self.state,
            topic=self._topic,
            input_state=explain_input(self, self._topic, type_name, self._qos),
            loss_cure=loss_cure(self, self._topic, self._qos),
            timeout=self.get("input_timeout"),
            trouble=self.failure or (worker.degraded if worker else ""),
        )


PROGRAM = Program("caption_node", CaptionNode, before_end=CaptionNode.end_requests)


def main(args: list[str] | None = None) -> None:
    """Run the node until it is interrupted; exit status 1 if it can't start or go on."""
    run_lifecycle_nodes([PROGRAM], args)


if __name__ == "__main__":
    main()
