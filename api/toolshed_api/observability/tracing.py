"""Traces by OpenTelemetry, where ``OTEL_EXPORTER_OTLP_ENDPOINT`` says where they go."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from toolshed.errors import missing_extra
from toolshed.shed.results import SearchResult
from toolshed_api.observability import conventions as names

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@cache
def provider() -> Any:
    """Who sends spans; None where no traces are wanted. Any: it comes with an extra.

    It is not made OpenTelemetry's own for the process: FastAPI would tell of every request beside us.

    Raises:
        ConfigurationError: If traces are wanted, and the extra is not installed.
    """
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise missing_extra("opentelemetry-sdk", "telemetry") from error
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come before ours.
    made = TracerProvider(resource=Resource({"service.name": "toolshed"}).merge(Resource.create()))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


def tracer() -> Any:
    """The tracer; None where no traces are wanted."""
    return None if provider() is None else provider().get_tracer("toolshed")


def flush() -> None:
    """Send what was not sent yet; a service that ends loses no span."""
    if provider() is not None:
        provider().force_flush(5_000)


@contextmanager
def span(
    name: str, attributes: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> Iterator[Any]:
    """A span while something is done, a child of the current one, or of the one that headers name.

    Gives what attributes can be set on; None where no traces are wanted.
    """
    made_by = tracer()
    if made_by is None:
        yield None
        return
    from opentelemetry.propagate import extract
    from opentelemetry.trace import SpanKind

    context = None if headers is None else extract(headers)
    kind = SpanKind.INTERNAL if headers is None else SpanKind.SERVER
    with made_by.start_as_current_span(name, context=context, kind=kind, attributes=attributes) as current:
        yield current


def trace_search(found: SearchResult, tenant: str) -> None:
    """Tell of a search that has just ended, and of its stages, one after the other."""
    made_by = tracer()
    if made_by is None:
        return
    from opentelemetry.trace import set_span_in_context

    ended = time.time_ns()
    stages = {name: ms for name, ms in found.timings_ms.items() if name != "total"}
    at = ended - int(1e6 * sum(stages.values()))
    told = {
        names.OPERATION: names.RETRIEVAL,
        names.DATA_SOURCE: "toolshed",
        names.TENANT: tenant,
        names.STATUS: found.status,
        names.N_TOOLS: found.n_tools,
        names.N_FOUND: len(found.tools),
        names.PIPELINE: found.pipeline[:200],
    }
    whole = made_by.start_span(f"{names.RETRIEVAL} toolshed", start_time=at, attributes=told)
    for stage, milliseconds in stages.items():
        part = made_by.start_span(stage, context=set_span_in_context(whole), start_time=at)
        at += int(1e6 * milliseconds)
        part.end(at)
    whole.end(ended)
