"""Server-sent events of a job."""

import json
from typing import Any

from toolshed.shed.remote_exchange import in_path
from toolshed.shed.remote_results import Job


class EventLines:
    """Reads events line by line (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    Attributes:
        n_events: How many there were.
    """

    def __init__(self) -> None:
        self._data: list[str] = []
        self.n_events = 0

    def take(self, line: str) -> Job | None:
        """The job that a line ends the event of; None where it ends none."""
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        if line or not self._data:
            return None
        told, self._data = json.loads("\n".join(self._data)), []
        self.n_events += 1
        return Job.of(told)


# Any: arguments of httpx's stream.
def events_request(job: Job) -> dict[str, Any]:
    """The request for what comes after a version of a job."""
    return {
        "method": "GET",
        "url": f"/v1/jobs/{in_path(job.job_id)}/events",
        "headers": {"last-event-id": str(job.version), "accept": "text/event-stream"},
    }
