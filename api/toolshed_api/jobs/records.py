"""A job as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from toolshed.errors import ToolshedError
from toolshed.visibility import Visibility
from toolshed_api.callers import Caller

JobKind = Literal["source", "sync", "documents", "enhancements"]
JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: frozenset[JobStatus] = frozenset({"succeeded", "failed", "cancelled"})


class UnknownJobError(ToolshedError):
    """A job that there is not, or not any more, or that is another's."""

    code = "unknown_job"
    http_status = 404


class JobEndedError(ToolshedError):
    """A job that has ended and cannot be cancelled."""

    code = "job_ended"
    http_status = 409


class JobCancelledError(ToolshedError):
    """The job was cancelled while it ran."""

    code = "job_cancelled"
    http_status = 409


class JobReleasedError(ToolshedError):
    """The service ends, and leaves the job to whoever comes after it."""

    code = "job_released"
    http_status = 503


# Any: JSON of the kind of job.
@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is to be done.

    Attributes:
        kind: Of what kind it is.
        options: How, as JSON.
        payload: What was uploaded for it.
    """

    kind: JobKind
    options: Mapping[str, Any]
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    Attributes:
        job_id: Its id.
        tenant: Whose knowledge base it works on.
        caller: Who asked for it.
        granted: The sources that he may change; None for all.
        kind: Of what kind it is.
        request: How it is to be done.
        status: How far it is.
        done: How many tools or documents are done.
        total: How many there are; 0 while nobody knows.
        result: What came of it.
        error: Why it failed: ``code``, ``detail`` and ``status``.
        attempts: How often it was begun; more than once where the service ended meanwhile.
        is_cancelled: Whether it was asked to end.
        version: Raised with each change.
        created_at: When it was asked for.
        finished_at: When it ended.
    """

    job_id: str
    tenant: str
    caller: str
    granted: list[str] | None
    kind: JobKind
    request: Mapping[str, Any]
    status: JobStatus
    done: int
    total: int
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    attempts: int
    is_cancelled: bool
    version: int
    created_at: datetime
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED

    def in_whose_hands(self) -> Caller:
        """Who asked for it, with what he could do when he did and it takes."""
        granted = None if self.granted is None else frozenset(self.granted)
        return Caller(self.caller, self.tenant, frozenset({"index", "search"}), Visibility(granted))
