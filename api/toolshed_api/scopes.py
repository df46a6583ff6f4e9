"""The scope that each route needs.

Every route says in its router, or by itself, what its caller must be allowed to do::

    router = APIRouter(prefix="/v1/tools", dependencies=[needs("search")])

    @router.post("", dependencies=[needs("index")])  # a caller needs both

A route that is open to all says ``dependencies=[OPEN]``. One whose verbs each ask for a scope of their own
(MCP, for instance) says ``dependencies=[ANY_CALLER]``; one that is no route of FastAPI's, such as a mounted
app, is asked for in ``tests/api/test_scopes.py``, which fails for a route that says nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from fastapi import Depends, FastAPI, Request, routing
from fastapi.params import Depends as Dependency

from toolshed_api.callers import SCOPES, Scope
from toolshed_api.dependencies import CurrentCaller, CurrentTrail

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

Declared = Scope | Literal["open", "any caller"]


class Declaration:
    """What a route says of who may call it.

    Attributes:
        scope: A scope; ``open`` to all; ``any caller`` that is known.
    """

    def __init__(self, scope: Declared) -> None:
        self.scope = scope


class _Needs(Declaration):
    scope: Scope

    async def __call__(self, request: Request, caller: CurrentCaller, trail: CurrentTrail) -> None:
        """Refuse a caller without the scope, before what he sent is looked at, and write that down."""
        if self.scope not in caller.scopes:
            with trail.recording(caller, "refused", f"{request.method} {request.url.path}"):
                caller.require(self.scope)


class _Says(Declaration):
    async def __call__(self) -> None:
        """Ask for nothing: the guard does, or nobody."""


def needs(scope: Scope) -> Any:
    """The dependency of a route that needs a scope."""
    # Any: what fastapi.Depends says it returns.
    return Depends(_Needs(scope))


OPEN: Dependency = Depends(_Says("open"))
ANY_CALLER: Dependency = Depends(_Says("any caller"))


def declared_scopes(dependant: "Dependant") -> set[Declared]:
    """What a route says, by itself and in its routers."""
    return set(_declared(dependant))


def scopes_by_operation(app: FastAPI) -> dict[tuple[str, str], frozenset[Scope]]:
    """The scopes that a caller needs, by path and method."""
    # Before FastAPI 0.140 the routes of an app were those of its routers, too.
    # Any: either kind of route.
    walk: Callable[..., Iterable[Any]] = getattr(routing, "iter_route_contexts", iter)
    return {
        (route.path_format, method): SCOPES & declared_scopes(route.dependant)
        for route in walk(app.routes)
        if getattr(route, "dependant", None) is not None
        for method in route.methods
    }


def _declared(dependant: "Dependant") -> Iterator[Declared]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Declaration):
            yield inner.call.scope
        yield from _declared(inner)
