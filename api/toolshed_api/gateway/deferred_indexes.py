"""Indexes in memory of the tools that requests defer."""

import json
import threading
from collections.abc import Sequence

from toolshed.knowledge_base.tools import ToolRecord
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.shed.shed import Toolshed
from toolshed.types import ToolDefinition
from toolshed_api.gateway.remembered import Remembered
from toolshed_api.problems import OverloadedError

_MAX_INDEXES = 16
_MAX_TOOLS = 10_000
# Characters of a definition as JSON; most take a tenth. Larger ones are encoded each time.
_MAX_REMEMBERED = 16_000
# Longest wait for those of other requests.
_INDEXING_SECONDS = 10.0
_ENCODED_TOGETHER = 64


class DeferredIndexes:
    """Makes indexes, and remembers the last ones. Threads may share it.

    A set of tools that was indexed lately is not indexed again. Of another set, the tools that were met
    lately are not encoded again, whoever deferred them: agents add one, and send the others as they were.
    """

    def __init__(self) -> None:
        self._indexes: Remembered[Toolshed] = Remembered(_MAX_INDEXES)
        self._records: Remembered[ToolRecord] = Remembered(_MAX_TOOLS)
        # One index is made at a time: it takes a core.
        self._indexing = threading.Lock()

    def of(self, tools: Sequence[ToolDefinition], key: str) -> Toolshed:
        """An index of tools.

        Args:
            tools: What a request defers, each name once.
            key: What tells the set from others.

        Raises:
            OverloadedError: If others are being indexed for too long.
        """
        if (made := self._indexes.get(key)) is not None:
            return made
        if not self._indexing.acquire(timeout=_INDEXING_SECONDS):
            raise OverloadedError("the tools of other requests are being indexed; try again in a moment")
        try:
            found = self._indexes.get(key)
            if found is None:
                found = self._made(tools)
                self._indexes.put(key, found)
        finally:
            self._indexing.release()
        return found

    def _made(self, tools: Sequence[ToolDefinition]) -> Toolshed:
        shed = Toolshed("memory:", pipeline="instant", multilingual=False)
        known = {tool.tool_id: self._records.get(_digest(tool)) for tool in tools}
        new = [tool for tool in tools if known[tool.tool_id] is None]
        for start in range(0, len(new), _ENCODED_TOGETHER):
            batch = new[start : start + _ENCODED_TOGETHER]
            for record in embed_tools(batch, static=shed.encoders.static, dense=None).records:
                known[record.tool_id] = record
                if len(json.dumps(record.definition.to_json(), ensure_ascii=False)) <= _MAX_REMEMBERED:
                    self._records.put(_digest(record.definition), record)
        shed.knowledge_base.upsert([record for record in known.values() if record is not None])
        return shed


def _digest(tool: ToolDefinition) -> tuple[str, str]:
    return tool.tool_id, tool.content_hash
