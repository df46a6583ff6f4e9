"""Answers of a service as the classes that an embedded knowledge base gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from toolshed.calling.results import BinaryContent, CallResult, ResultPage, ResultReader
from toolshed.documents import Passage
from toolshed.errors import ServiceError
from toolshed.indexing.passages import DocumentReport
from toolshed.intra_retrieval.passage_search import UsedDefinition
from toolshed.rankings import FoundPassage, FoundTool, Quote, WeighedSubQuery
from toolshed.shed.remote_errors import rebuilt
from toolshed.shed.results import PassageSearchResult, SearchResult
from toolshed.types import IndexedSource, SyncReport, ToolDefinition

# Any, here and below: JSON of the service.
Json = Mapping[str, Any]
JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """Work of a service that takes longer than an answer.

    Attributes:
        job_id: Its id.
        kind: Of what kind it is.
        status: How far it is.
        done: Tools, or documents, that are done.
        total: How many there are; 0 while nobody knows.
        result: What came of it, as JSON.
        error: Why it failed: ``code``, ``detail`` and ``status``.
        version: Raised with each change.
        created_at: When it was asked for.
        finished_at: When it ended.
    """

    job_id: str
    kind: str
    status: JobStatus
    done: int
    total: int
    result: Json | None
    error: Json | None
    version: int
    created_at: datetime
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.finished_at is not None

    @classmethod
    def of(cls, told: Json) -> "Job":
        """What a service tells of it."""
        ended = told["finished_at"]
        return cls(
            **{name: told[name] for name in cls.__slots__ if not name.endswith("_at")},
            created_at=datetime.fromisoformat(told["created_at"]),
            finished_at=None if ended is None else datetime.fromisoformat(ended),
        )


def tool_of(told: Json) -> ToolDefinition:
    """A definition. How it is called, the service does not tell, beside the kind."""
    names = (
        "name", "description", "parameters", "source", "output_schema", "annotations", "key", "title",
        "service", "service_description", "binding", "extras", "exported_name",
    )  # fmt: skip
    return ToolDefinition(**{name: told[name] for name in names}, tags=tuple(told["tags"]))


def search_result_of(told: Json) -> SearchResult:
    """What a search found."""
    plain = (
        "query", "query_id", "confidence", "status", "n_tools", "n_below_floor", "n_over_budget",
        "timings_ms", "pipeline", "n_tokens", "tokens_counted_by", "answerable", "reason",
    )  # fmt: skip
    return SearchResult(
        **{name: told[name] for name in plain},
        tools=tuple(_found_tool(one) for one in told["tools"]),
        sub_queries=tuple(WeighedSubQuery(**one) for one in told["sub_queries"]),
        passages=tuple(_found_passage(one) for one in told["passages"]),
        unbooked=tuple(told["unbooked"]),
        fallbacks=tuple(told["fallbacks"]),
    )


def _found_tool(told: Json) -> FoundTool:
    tool = tool_of(told["definition"])
    shortened = None
    if told["is_shortened"]:
        shortened = replace(tool, description=told["description"], parameters=told["parameters"])
    return FoundTool(
        tool,
        told["score"],
        told["confidence"],
        told["sub_query"],
        told["channels"],
        shortened,
        told["needed_by"],
    )


def passage_result_of(told: Json) -> PassageSearchResult:
    """What a search for passages found."""
    return PassageSearchResult(
        told["query"],
        tuple(_found_passage(one) for one in told["passages"]),
        tuple(UsedDefinition(one["term"], one["text"], one["document"]) for one in told["definitions"]),
        told["n_passages"],
        told["confidence"],
        told["status"],
        told["reason"],
        tuple(told["unbooked"]),
    )


def _found_passage(told: Json) -> FoundPassage:
    stored = told["stored"]
    return FoundPassage(
        passage_of(stored["passage"]),
        told["score"],
        told["channels"],
        tuple(
            Quote(one["start"], one["end"], one["quote"], one["section"], one["score"])
            for one in told["quotes"]
        ),
        tuple(map(passage_of, stored["before"])),
        tuple(map(passage_of, stored["after"])),
        told["sub_query"],
    )


def passage_of(told: Json) -> Passage:
    """A passage as it is stored."""
    return Passage.from_json({name: value for name, value in told.items() if name != "passage_id"})


def sync_report_of(told: Json) -> SyncReport:
    """What indexing tools changed."""
    return SyncReport(**told)


def document_report_of(told: Json) -> DocumentReport:
    """What indexing documents changed."""
    return DocumentReport(**told)


def merged_documents(reports: Sequence[DocumentReport]) -> DocumentReport:
    """Several reports as one."""
    lists = ("added", "changed", "removed", "left_out", "remarks", "unbooked")
    return DocumentReport(
        **{name: [one for report in reports for one in getattr(report, name)] for name in lists},
        unchanged=sum(report.unchanged for report in reports),
        n_passages=sum(report.n_passages for report in reports),
        kept={name: share for report in reports for name, share in report.kept.items()},
    )


def ended_job(job: Job) -> Job:
    """A job that has succeeded.

    Raises:
        ToolshedError: Why it failed.
        ServiceError: If it was cancelled.
    """
    if job.status == "cancelled":
        raise ServiceError(f"the job {job.job_id!r} was cancelled", remote_code="job_cancelled")
    if job.error is not None:
        raise rebuilt(job.error["code"], job.error["detail"], job.error["status"])
    return job


def source_of(told: Json) -> IndexedSource:
    """A source of tools."""
    return IndexedSource(told["name"], tuple(told["locations"]), told["n_tools"])


def call_result_of(told: Json, reader: ResultReader) -> CallResult:
    """What a tool answered; the bytes of what is no text stay with the service."""
    page = ResultPage(told["text"], 0, told["n_characters"], told["handle"], reader)
    return CallResult(
        tool_id=told["tool_id"],
        page=page,
        is_error=told["is_error"],
        structured=told["structured"],
        is_structured=told["structured"] is not None,
        binaries=[BinaryContent(one["media_type"], b"", one["name"]) for one in told["binaries"]],
        status=told["status"],
        is_complete=told["is_complete"],
        meta=told["meta"],
        exception=None,
        duration_ms=told["duration_ms"],
    )


def cut_page(text: str, max_characters: int, reader: ResultReader) -> ResultPage:
    """The beginning of a text of which no more is kept."""
    cut = text[:max_characters]
    return ResultPage(cut, 0, len(cut), "", reader)


def result_page_of(told: Json, reader: ResultReader) -> ResultPage:
    """A stretch of a long answer."""
    return ResultPage(told["text"], told["offset"], told["n_characters"], told["handle"], reader)
