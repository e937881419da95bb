# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Services and question topics of memory_node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.msg import SceneAnswer
from mmser_ros.nodes.common.plausible_stamps import stamp_check
from mmser_ros.nodes.common.scene_conversions import nanoseconds
from mmser_ros.nodes.memory.goals import GoalSender
from mmser_ros.nodes.memory.graph_publisher import SceneGraphStream
from mmser_ros.nodes.memory.query_service import answer, wanted
from mmser_ros.nodes.memory.replication import Replication
from mmser_ros.srv import ForgetScene, GetSceneGraph, QueryScene


class MemoryServices:
    """The services of memory_node, and the topics ~/ask and ~/answer.

    They share the node's callback group with the lifecycle services, so that no transition closes
    the memory during a request. `changed` is called after the memory has changed.
    """

    def __init__(
        self,
        node: Node,
        memory: SceneMemory,
        robot: str,
        stream: SceneGraphStream,
        replication: Replication | None,
        changed: Callable[[], None],
    ) -> None:
        self._node, self._memory, self._robot, self._stream = node, memory, robot, stream
        self._replication, self._changed = replication, changed
        self._check_stamp = stamp_check(node)
        self._goals = GoalSender(node, self._get("goal_action"))
        self._answers = node.create_publisher(SceneAnswer, "~/answer", 10)
        self._subscription = node.create_subscription(String, "~/ask", self._ask, 10)
        self._services = [
            node.create_service(QueryScene, "~/query", self._query),
            node.create_service(QueryScene, "~/where_to_look", self._where_to_look),
            node.create_service(GetSceneGraph, "~/get_graph", self._get_graph),
            node.create_service(ForgetScene, "~/forget", self._forget),
            node.create_service(Trigger, "~/save", self._save),
            node.create_service(Trigger, "~/clear", self._clear),
        ]

    def close(self) -> None:
        """Close all of them."""
        for service in self._services:
            self._node.destroy_service(service)
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_publisher(self._answers)
        self._goals.close()

    def _query(
        self, request: QueryScene.Request, response: QueryScene.Response
    ) -> QueryScene.Response:
        now = self._node.get_clock().now().to_msg()
        return answer(self._memory, request, self._robot, now)

    def _where_to_look(
        self, request: QueryScene.Request, response: QueryScene.Response
    ) -> QueryScene.Response:
        return wanted(self._memory, request, self._node.get_clock().now().to_msg())

    def _ask(self, message: String) -> None:
        if not message.data.strip():  # it would match any object, and the robot would drive there
            self._node.get_logger().warning("~/ask got no text; say what to look for")
            return
        found = self._query(QueryScene.Request(text=message.data, k=1), QueryScene.Response())
        said = SceneAnswer(question=message.data, text=self._follow(found))
        if found.matches:
            best = found.matches[0]
            said.found, said.object, said.score = True, best.node.id, best.score
            said.pose, said.map_id, said.stale = best.pose, best.map_id, best.stale
        self._answers.publish(said)
        self._node.get_logger().info(f"{message.data!r}: {said.text}")

    def _follow(self, found: QueryScene.Response) -> str:
        """Send the robot to the best match if `send_goals` is on; return the result as text."""
        if not found.matches:
            return found.message or "nothing like it is known"
        best = found.matches[0]
        if not self._get("send_goals"):
            done = "send_goals is off"
        elif best.stale:
            done = f"not sent there: it is of the map {best.map_id!r}"
        elif best.score < self._get("min_goal_score"):
            done = f"not sent there: min_goal_score is {self._get('min_goal_score'):g}"
        else:
            done = self._goals.send(best.pose)
        return f"{best.node.id}, room {best.node.room or 'unknown'}, score {best.score:.2f}; {done}"

    def _get_graph(
        self, request: GetSceneGraph.Request, response: GetSceneGraph.Response
    ) -> GetSceneGraph.Response:
        graph = self._stream.full()
        if graph is None:
            response.message = "no graph was published yet: is the node active?"
        else:
            response.success, response.graph = True, graph
        return response

    def _save(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._memory.save()
        refusal = "" if response.success else "the store is of another map: it is only read"
        response.message = self._memory.status().problem or refusal
        self._changed()
        return response

    def _clear(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = self._change(self._memory.clear)
        if self._replication is not None:
            response.message += "; robots that share this map send theirs again: clear them, too"
        return response

    def _forget(
        self, request: ForgetScene.Request, response: ForgetScene.Response
    ) -> ForgetScene.Response:
        before, after = (nanoseconds(one) or None for one in (request.before, request.after))

        def forget() -> bool:
            if before is not None and after is None:  # older ones will be refused from now on
                self._check_stamp(before, "`before`")
            return self._memory.forget(before=before, after=after)

        response.success, response.message = self._change(forget)
        if after is not None and response.success and self._replication is not None:
            response.message += "; robots that share this map send theirs again: ask them, too"
        return response

    def _change(self, act: Callable[[], bool]) -> tuple[bool, str]:
        try:
            success = act()
        except MmserError as error:
            return False, str(error)
        if self._replication is not None:
            self._replication.rebuild_index()
        self._changed()
        status = self._memory.status()
        return success, status.problem or f"{status.observations} observations are left"

    def _get(self, name: str) -> Any:
        return self._node.get_parameter(name).value
