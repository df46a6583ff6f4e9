"""A Qdrant REST server on loopback, answered by qdrant-client's local mode.

No Qdrant server can be installed from PyPI or Debian; this lets the real client speak real HTTP. The
same tests run against a real server when QDRANT_URL names one.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qdrant_client import QdrantClient, models

Reply = tuple[int, Any]


class _Qdrant:
    def __init__(self) -> None:
        self._client = QdrantClient(":memory:")
        # Local mode corrupts its arrays under threads.
        self._lock = threading.RLock()
        self._metadata: dict[str, Any] = {}

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Reply:
        parts = path.split("?")[0].strip("/").split("/")
        with self._lock:
            try:
                return self._route(method, parts, body)
            except ValueError as error:
                return 404 if "not found" in str(error) else 400, {"status": {"error": str(error)}}

    def _route(self, method: str, parts: list[str], body: dict[str, Any]) -> Reply:
        match (method, parts):
            case ("GET", ["collections", name, "exists"]):
                return _ok({"exists": self._client.collection_exists(name)})
            case ("PUT", ["collections", name]):
                return self._create(name, body)
            case ("GET", ["collections", name]):
                return self._describe(name)
            case ("PUT", ["collections", name, "index"]):
                return _ok({"operation_id": 0, "status": "completed"})
            case ("PUT", ["collections", name, "points"]):
                self._client.upsert(name, [models.PointStruct(**point) for point in body["points"]])
                return _ok({"operation_id": 0, "status": "completed"})
            case ("POST", ["collections", name, "points", "delete"]):
                self._client.delete(name, models.PointIdsList(points=body["points"]))
                return _ok({"operation_id": 0, "status": "completed"})
            case ("POST", ["collections", name, "points"]):
                found = self._client.retrieve(
                    name, body["ids"], with_payload=body["with_payload"], with_vectors=body["with_vector"]
                )
                return _ok([_dump(point) for point in found])
            case ("POST", ["collections", name, "points", "scroll"]):
                only = body.get("filter")
                page, following = self._client.scroll(
                    name,
                    scroll_filter=models.Filter(**only) if only else None,
                    limit=body["limit"],
                    offset=body.get("offset"),
                    with_payload=body["with_payload"],
                    with_vectors=body["with_vector"],
                )
                return _ok({"points": [_dump(point) for point in page], "next_page_offset": following})
            case ("POST", ["collections", name, "points", "query", "batch"]):
                requests = [models.QueryRequest(**search) for search in body["searches"]]
                answers = self._client.query_batch_points(name, requests)
                return _ok([_dump(answer) for answer in answers])
            case ("POST", ["collections", name, "points", "count"]):
                only = body.get("filter")
                n_points = self._client.count(name, count_filter=models.Filter(**only) if only else None)
                return _ok({"count": n_points.count})
        return 404, {"status": {"error": f"the stub has no {method} {'/'.join(parts)}"}}

    def _create(self, name: str, body: dict[str, Any]) -> Reply:
        if self._client.collection_exists(name):
            return 409, {"status": {"error": f"Collection `{name}` already exists!"}}
        request = models.CreateCollection(**body)
        self._client.create_collection(
            name, vectors_config=request.vectors, sparse_vectors_config=request.sparse_vectors
        )
        self._metadata[name] = body.get("metadata")
        return _ok(True)

    def _describe(self, name: str) -> Reply:
        described = _dump(self._client.get_collection(name))
        described["config"]["metadata"] = self._metadata[name]
        return _ok(described)


def _ok(result: Any) -> Reply:
    return 200, {"result": result, "status": "ok", "time": 0.0}


def _dump(model: Any) -> Any:
    return json.loads(model.model_dump_json())


@contextmanager
def qdrant_stub(api_key: str | None = None) -> Iterator[str]:
    """Serve a fresh Qdrant for as long as the context is open; yields its URL."""
    qdrant = _Qdrant()
    with loopback_server(_handler(qdrant.answer, api_key)) as url:
        yield url


def _handler(
    answer: Callable[[str, str, dict[str, Any]], Reply], api_key: str | None
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            if api_key is not None and self.headers.get("api-key") != api_key:
                status, reply = 401, {"status": {"error": "Must provide an API key"}}
            else:
                status, reply = answer(self.command, self.path, body)
            content = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815  # the names http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    return Handler


@contextmanager
def loopback_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve a handler on a free port of loopback; yields the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
