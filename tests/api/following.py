"""Waiting for jobs over HTTP."""

from typing import Any

import httpx

from tests.waiting import eventually


def done(client: httpx.Client, accepted: httpx.Response) -> dict[str, Any]:
    """The job that was accepted, once it has ended."""
    assert accepted.status_code == 202, accepted.text
    url = accepted.headers["location"]
    assert url == f"/v1/jobs/{accepted.json()['job_id']}"
    eventually(lambda: client.get(url).json()["finished_at"])
    job: dict[str, Any] = client.get(url).json()
    return job
