"""Traces, as a collector of OpenTelemetry on loopback gets them."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.api.serving import TOOLS, served
from tests.conftest import OpenShed
from tests.qdrant_stub import loopback_server
from toolshed.settings import Settings
from toolshed_api.observability import tracing

TRACE_ID, PARENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Span]]:
    spans: list[Span] = []
    lock = threading.Lock()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            content = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
            told = ExportTraceServiceRequest.FromString(content)
            with lock:
                spans.extend(s for r in told.resource_spans for scope in r.scope_spans for s in scope.spans)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    with loopback_server(Collector) as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        tracing.provider.cache_clear()
        yield spans
        tracing.provider().shutdown()
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT")
    tracing.provider.cache_clear()


def test_a_search_is_a_span_with_its_stages_under_the_callers_trace(
    open_shed: OpenShed, collected: list[Span]
) -> None:
    shed = open_shed()
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as client:
        parent = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}
        client.post("/v1/tools/search", json={"query": "send an email"}, headers=parent)
        client.post("/v1/tools/mail:send_email/call", json={"arguments": {}}, headers=parent)
    by_name = {one.name: one for one in collected}
    request, search = by_name["POST /v1/tools/search"], by_name["retrieval toolshed"]
    assert request.trace_id.hex() == TRACE_ID
    assert request.parent_span_id.hex() == PARENT_ID
    assert search.parent_span_id == request.span_id
    attributes = {one.key: one.value for one in search.attributes}
    assert attributes["gen_ai.operation.name"].string_value == "retrieval"
    assert attributes["toolshed.search.status"].string_value in {"ok", "unsure", "no_match"}
    stage = by_name["Search"]
    assert stage.parent_span_id == search.span_id
    assert search.start_time_unix_nano <= stage.start_time_unix_nano
    assert stage.end_time_unix_nano <= search.end_time_unix_nano
    called = by_name["execute_tool mail:send_email"]
    assert called.status.code == called.status.STATUS_CODE_ERROR
    assert called.parent_span_id == by_name["POST /v1/tools/{tool_id}/call"].span_id


def test_without_a_collector_nothing_is_traced() -> None:
    assert tracing.tracer() is None
    with tracing.span("anything", {}) as current:
        assert current is None
