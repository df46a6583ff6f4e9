"""Waiting for jobs over HTTP."""

import time
from typing import Any

import httpx


def done(client: httpx.Client, accepted: httpx.Response, *, seconds: float = 30) -> dict[str, Any]:
    """The job that was accepted, once it has ended."""
    assert accepted.status_code == 202, accepted.text
    url = accepted.headers["location"]
    assert url == f"/v1/jobs/{accepted.json()['job_id']}"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(url).json()
        if job["finished_at"] is not None:
            return job
        time.sleep(0.02)
    raise AssertionError(f"the job has not ended: {job}")
