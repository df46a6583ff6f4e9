"""Bodies of the endpoints of jobs."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from toolshed_api.jobs.records import Job, JobKind, JobStatus


class JobErrorBody(BaseModel):
    """Why a job failed, as problem details would say it."""

    code: str
    detail: str
    status: int


class JobResponse(BaseModel):
    """A job as it stands."""

    job_id: str
    kind: JobKind
    status: JobStatus
    done: int = Field(description="Tools, or documents, that are done.")
    total: int = Field(description="How many there are; 0 while nobody knows.")
    result: dict[str, Any] | None = Field(description="What came of it: what indexing changed.")
    error: JobErrorBody | None = Field(description="Why it failed.")
    is_cancelled: bool = Field(description="Whether it was asked to end; what was done until then stays.")
    attempts: int = Field(description="How often it was begun: again where the service ended meanwhile.")
    version: int = Field(description="Raised with each change.")
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "JobResponse":
        """What may be told of a job."""
        named = {name: getattr(job, name) for name in cls.model_fields if name != "error"}
        return cls(**named, error=None if job.error is None else JobErrorBody(**job.error))


class JobListResponse(BaseModel):
    """A page of jobs, the latest first."""

    jobs: list[JobResponse]
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")
