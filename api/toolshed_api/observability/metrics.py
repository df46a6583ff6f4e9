"""Metrics for Prometheus, of all processes of a service."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from toolshed.errors import ToolshedError
from toolshed.shed.results import SearchResult

REGISTRY = CollectorRegistry()
# Set where a service has several processes, which then count in files; prometheus_client's own variable.
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# From a search in `instant` to a call of a slow tool.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_STAGE_SECONDS = (0.0001, 0.00025, 0.0005, *_SECONDS)
# Instead of what strangers make up: every route and status there is would be a series of its own.
OTHER = "other"

REQUESTS = Counter(
    "toolshed_http_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "toolshed_http_request_seconds", "From the first byte of a request to the last of its answer.",
    ["method", "route"], buckets=_SECONDS, registry=REGISTRY,
)  # fmt: skip
RUNNING = Gauge(
    "toolshed_http_requests_running", "Requests that are being answered.", registry=REGISTRY,
    multiprocess_mode="livesum",
)  # fmt: skip
SEARCHES = Counter(
    "toolshed_searches", "Searches for tools, by what they came to.", ["status"], registry=REGISTRY
)
REFUSED = Counter("toolshed_searches_refused", "Searches refused since too many waited.", registry=REGISTRY)
STAGE_SECONDS = Histogram(
    "toolshed_search_stage_seconds", "Stages of searches for tools.", ["stage"], buckets=_STAGE_SECONDS,
    registry=REGISTRY,
)  # fmt: skip
FALLBACKS = Counter(
    "toolshed_search_fallbacks", "Searches in which a stage did without its model.", registry=REGISTRY
)
CALLS = Counter(
    "toolshed_tool_calls", "Calls of tools, by what they came to.", ["outcome"], registry=REGISTRY
)
CALL_SECONDS = Histogram("toolshed_tool_call_seconds", "Calls of tools.", buckets=_SECONDS, registry=REGISTRY)
PASSAGE_SEARCHES = Counter("toolshed_passage_searches", "Searches for passages.", registry=REGISTRY)
TOOLS = Gauge(
    "toolshed_tools", "Tools that are indexed.", ["tenant"], registry=REGISTRY,
    multiprocess_mode="mostrecent",
)  # fmt: skip
SPEND_USD = Gauge(
    "toolshed_spend_usd", "Dollars booked for calls of models, where books are open.", ["tenant"],
    registry=REGISTRY, multiprocess_mode="mostrecent",
)  # fmt: skip


def count_search(found: SearchResult) -> None:
    """Count a search and its stages."""
    SEARCHES.labels(found.status).inc()
    for stage, milliseconds in found.timings_ms.items():
        # "Fuse (2)" is a stage of the class Fuse.
        STAGE_SECONDS.labels(stage.partition(" ")[0]).observe(milliseconds / 1000)
    if found.fallbacks:
        FALLBACKS.inc()


@contextmanager
def counted_call() -> Iterator[list[bool]]:
    """Count a call of a tool; whoever makes it appends whether the tool says that it failed."""
    began, outcome = time.perf_counter(), "error"
    failed: list[bool] = []
    try:
        yield failed
        outcome = "failed" if failed and failed[-1] else "ok"
    except ToolshedError as error:
        outcome = error.code
        raise
    finally:
        CALLS.labels(outcome).inc()
        CALL_SECONDS.observe(time.perf_counter() - began)


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    if _FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client's
    return generate_latest(registry)
