# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write config/NODE.yaml and docs/parameters.md from the declarations.

Run it after a parameter was changed: `python -m docs.generate_parameters`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap

import yaml

from mmser_ros.nodes.caption.parameters import CAPTION_GROUPS
from mmser_ros.nodes.common.parameters import Parameter
from mmser_ros.nodes.memory.tuning_parameters import MEMORY_GROUPS
from mmser_ros.nodes.replay.parameters import REPLAY_GROUPS
from mmser_ros.nodes.simulation.parameters import SIMULATION_GROUPS
from mmser_ros.nodes.viewer.parameters import VIEWER_GROUPS

ROOT = Path(__file__).parents[1]
COMMAND = "python -m docs.generate_parameters"
NODES = {
    "caption": CAPTION_GROUPS,
    "memory": MEMORY_GROUPS,
    "replay": REPLAY_GROUPS,
    "simulation": SIMULATION_GROUPS,
    "viewer": VIEWER_GROUPS,
}
Groups = Mapping[str, tuple[Parameter, ...]]
WIDTH = 100
INTRODUCTION = f"""# Parameters

Made from the declarations in `mmser_ros/nodes/*/parameters.py` and `mmser_ros/memory/config.py` by
`{COMMAND}`; change them there.

- **at run time**: `ros2 param set` changes it while the node runs. The others are read at start.
- **launch**: it is also an argument of the launch file, such as `model:=nano`. An argument that is
  left empty leaves the value to `params_file`.
"""


def generated() -> dict[str, str]:
    """The files, by their path in the repository."""
    files = {
        f"config/{name}.yaml": as_yaml(f"{name}_node", groups) for name, groups in NODES.items()
    }
    tables = (line for name, groups in NODES.items() for line in as_tables(f"{name}_node", groups))
    files["docs/parameters.md"] = "\n".join([INTRODUCTION, *tables])
    return files


def as_yaml(node: str, groups: Groups) -> str:
    """A parameter file with every parameter at its default."""
    lines = [
        f"# Parameters of {node}, made by `{COMMAND}`.",
        "# Those marked * can change while it runs (ros2 param set).",
        f"/**/{node}:",
        "  ros__parameters:",
    ]
    for heading, parameters in groups.items():
        lines += [f"    # --- {heading} ---", ""]
        for one in parameters:
            text = f"{'' if one.read_only else '* '}{one.description}{values(one, ' Values: {}.')}"
            lines += [f"    # {line}" for line in wrap(text, WIDTH - 6)]
            lines += [f"    {one.name}: {yaml_value(one)}", ""]
    return "\n".join(lines)


def as_tables(node: str, groups: Groups) -> Iterator[str]:
    """Lines of Markdown: a table for each group."""
    yield f"## {node}\n"
    for heading, parameters in groups.items():
        yield f"### {heading}\n"
        yield "| parameter | default | values | at run time | launch | |\n|---|---|---|---|---|---|"
        for one in parameters:
            flags = ("" if one.read_only else "yes", "yes" if one.launch else "")
            cells = (f"`{one.name}`", f"`{yaml_value(one)}`", values(one), *flags, one.description)
            yield f"| {' | '.join(cells)} |"
        yield ""


def values(one: Parameter, form: str = "{}") -> str:
    """Choices, range and unit of a parameter in words; nothing where any value will do."""
    found = ", ".join(one.choices)
    if one.minimum is not None:
        span = f"{one.minimum:.10g} to {one.maximum:.10g}"
        found = f"{found}, or {span}" if found else span
    return form.format(f"{found} {one.unit}".strip()) if found else ""


def yaml_value(one: Parameter) -> str:
    """The default as YAML has it."""
    return yaml.safe_dump(one.default, default_style='"' if one.default == "" else None).split(
        "\n"
    )[0]


if __name__ == "__main__":
    for path, text in generated().items():
        (ROOT / path).write_text(text, encoding="utf-8")
        print(f"wrote {path}")
