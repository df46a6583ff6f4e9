"""Exported names in the store: written down where they were not, and told apart between processes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from toolshed.knowledge_base.exported_names import exported_name
from toolshed.knowledge_base.tools import StoredTool, ToolStore

_WRITTEN_TOGETHER = 256


def write_names(store: ToolStore, stored: Iterable[StoredTool]) -> None:
    """Write down the names of tools that were stored without one: those that searches gave them so far."""
    unnamed = [tool.tool_id for tool in stored if not tool.exported_name]
    for start in range(0, len(unnamed), _WRITTEN_TOGETHER):
        store.upsert(store.fetch(unnamed[start : start + _WRITTEN_TOGETHER]))


def yield_names(store: ToolStore, new: Sequence[str]) -> None:
    """Give new tools other names where another process gave theirs at the same time.

    Writes are durable before this reads, so of two processes at least the later one sees both tools.
    """
    if not store.is_shared:
        return
    names = store.exported_names()
    shared = {name for name, n_tools in Counter(names.values()).items() if n_tools > 1}
    for record in store.fetch([tool_id for tool_id in new if names.get(tool_id) in shared]):
        name = exported_name(record.definition, set(names.values()))
        names[record.tool_id] = name
        store.upsert([replace(record, definition=replace(record.definition, exported_name=name))])
