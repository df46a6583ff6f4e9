"""What every request leaves in metrics and traces."""

import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toolshed_api.observability import conventions as names
from toolshed_api.observability.metrics import OTHER, REQUEST_SECONDS, REQUESTS, RUNNING
from toolshed_api.observability.tracing import span

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observed:
    """ASGI middleware outside of all others: what they refuse is counted too.

    Routes say by ``state["route"]`` which they are (:class:`~toolshed_api.bodies.StrictRoute` does).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Shared with the copies of the scope that are made further in.
        state = scope.setdefault("state", {})
        method = scope["method"] if scope["method"] in _METHODS else OTHER
        statuses: list[int] = []

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        began = time.perf_counter()
        headers = Headers(scope=scope)
        with (
            RUNNING.track_inprogress(),
            span(method, {names.HTTP_METHOD: method}, headers=headers) as current,
        ):
            try:
                await self._app(scope, receive, told)
            finally:
                route = state.get("route", OTHER)
                # Nothing was answered to who went away.
                status = statuses[0] if statuses else 499
                REQUESTS.labels(method, route, str(status)).inc()
                REQUEST_SECONDS.labels(method, route).observe(time.perf_counter() - began)
                if current is not None:
                    current.update_name(f"{method} {route}")
                    current.set_attributes({names.HTTP_ROUTE: route, names.HTTP_STATUS: status})
