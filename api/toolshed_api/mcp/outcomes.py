"""The tool that reports what came of a task."""

from typing import Annotated

import anyio.to_thread
from mcp_types import ToolAnnotations
from pydantic import Field

from toolshed_api.mcp.own_tools import Exchange, OwnTool, ToolAnswer, ToolArguments, answered


class ReportOutcomeArguments(ToolArguments):
    """Arguments of report_outcome."""

    search_id: Annotated[
        str, Field(min_length=1, max_length=100, description="What search_tools gave for the task.")
    ]
    passed: Annotated[bool, Field(description="Whether the task was done in the end.")]
    grade: Annotated[float | None, Field(ge=0, le=1, description="How well, where that is known.")] = None


async def report_outcome(exchange: Exchange, given: ReportOutcomeArguments) -> ToolAnswer:
    """Book an outcome; the same report sent twice is one."""
    handle = exchange.handles.read(given.search_id, exchange.shed.caller)

    def report() -> str:
        booked = exchange.shed.report_search(
            handle.task_id, given.passed, grade=given.grade, outcome_id=f"{handle.task_id}-told"
        )
        return booked.task_id

    task_id = await anyio.to_thread.run_sync(report)
    return answered({"task_id": task_id, "passed": given.passed})


REPORT_OUTCOME = OwnTool(
    "report_outcome",
    "Report the outcome of a task",
    "Say whether the task of a search was done in the end, once you know; later searches learn from it.",
    ReportOutcomeArguments,
    "call",
    ToolAnnotations(
        read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    ),
    report_outcome,
)
