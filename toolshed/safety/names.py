"""Tools that are called almost as others: what a model, or a person, would take for them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from toolshed.safety.findings import SafetyFinding
from toolshed.safety.plain_text import undisguised, without_accents
from toolshed.types import ToolDefinition

_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "_": "", "-": "", ".": "", " ": ""})
_SHORTEST = 5


def skeleton(name: str) -> str:
    """What a name looks like: without case, accents, separators, and with like letters as one."""
    return without_accents(undisguised(name)).lower().translate(_ALIKE).replace("rn", "m").replace("vv", "w")


def twin_findings(tools: Sequence[ToolDefinition]) -> Iterator[SafetyFinding]:
    """Tools of different sources whose names look the same and are not."""
    alike: defaultdict[str, list[ToolDefinition]] = defaultdict(list)
    for tool in tools:
        alike[skeleton(tool.name)].append(tool)
    for look, group in alike.items():
        if len(look) < _SHORTEST or len({tool.name for tool in group}) < 2:
            continue
        for tool in sorted(group, key=lambda one: one.tool_id):
            other = next((one for one in group if one.source != tool.source and one.name != tool.name), None)
            if other is not None:
                said = f"{tool.name} looks like {other.tool_id}"
                yield SafetyFinding.of("near-twin", tool.tool_id, "name", tool.name, said)
