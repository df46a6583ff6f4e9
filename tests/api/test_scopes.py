"""Every route says what its caller must be allowed to do."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from toolshed.settings import Settings
from toolshed_api.access import OPEN_PATHS
from toolshed_api.app import create_app
from toolshed_api.callers import SCOPES
from toolshed_api.scopes import ANY_CALLER, OPEN, declared_scopes, needs

# Of FastAPI, without dependencies: the guard asks whoever reads them who he is, and they name no tool.
DESCRIPTIONS = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}
# Asks for the scope of each of its tools by itself: tests/api/mcp/test_server.py.
ASKS_ITSELF = {"/mcp"}


def undeclared(app: FastAPI) -> list[str]:
    return [str(route.path) for route in asked(app) if not declared_scopes(route.dependant)]


def asked(app: FastAPI) -> Iterator[RouteContext]:
    """The routes that must say something; a mounted app that asks for itself is left out by its path."""
    for route in iter_route_contexts(app.routes):
        is_fastapis = route.path in DESCRIPTIONS and getattr(route, "dependant", None) is None
        if not is_fastapis and route.path not in ASKS_ITSELF:
            yield route


def test_every_route_says_who_may_call_it() -> None:
    assert undeclared(create_app(Settings())) == []


def test_only_what_the_guard_lets_pass_is_open() -> None:
    routes = list(asked(create_app(Settings())))
    assert {route.path for route in routes if "open" in declared_scopes(route.dependant)} == OPEN_PATHS


def test_a_route_that_says_nothing_is_found() -> None:
    app, router = FastAPI(), APIRouter(dependencies=[needs("search")])
    router.get("/kept")(lambda: None)
    app.include_router(router)
    app.get("/forgotten", name="forgotten")(lambda: None)
    assert undeclared(app) == ["/forgotten"]


@pytest.mark.parametrize(
    ("dependency", "declared"),
    [(OPEN, "open"), (ANY_CALLER, "any caller"), *((needs(scope), scope) for scope in sorted(SCOPES))],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_route_and_its_router_are_added_up(dependency: object, declared: str) -> None:
    app, router = FastAPI(), APIRouter(dependencies=[needs("admin")])
    router.get("/x", dependencies=[dependency])(lambda: None)  # type: ignore[list-item]  # as fastapi takes
    app.include_router(router)
    (route,) = asked(app)
    assert declared_scopes(route.dependant) == {"admin", declared}
