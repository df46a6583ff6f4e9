"""A request to the gateway: its body, and what it asks of the gateway itself."""

import json
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import Headers

from toolshed_api.bodies import check_json, strict_json
from toolshed_api.gateway.dialects.chat import ChatCompletions
from toolshed_api.gateway.dialects.dialect import Dialect, Json
from toolshed_api.gateway.dialects.messages import Messages
from toolshed_api.gateway.dialects.responses import Responses
from toolshed_api.gateway.errors import DialectName, UnfitRequestError

# Five thousand tools with their schemas.
_MAX_VALUES = 200_000
_MAX_DEPTH = 100
# Before the name of a model: with tools of the knowledge base.
ALIAS = "toolshed/"
_SPOKEN: dict[DialectName, Dialect] = {
    "chat": ChatCompletions(),
    "responses": Responses(),
    "messages": Messages(),
}


class GatewayOptions(BaseModel):
    """What a request asks of the gateway itself, in its field ``toolshed``.

    Attributes:
        tools: Whether to add the tools of the knowledge base that the conversation needs.
        defer: Whether to keep back all functions of the request, as if each said ``defer_loading``.
        k: Most tools to add for one turn of the user.
        sources: The sources to take them from; all when not given.
        min_confidence: Leave out tools below it.
        task_id: The task in the ledger that the request belongs to; a new one when not given.
        task_class: What it is, in the ledger.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    tools: bool = False
    defer: bool = False
    k: Annotated[int, Field(ge=1, le=20)] = 5
    sources: Annotated[list[str], Field(max_length=100)] | None = None
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    task_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    task_class: Annotated[str, Field(min_length=1, max_length=200)] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request.

    Attributes:
        dialect: The protocol it is in.
        body: What goes to the upstream.
        model: The name that was asked for, without the alias.
        options: What it asks of the gateway.
        is_stream: Whether the reply is wanted as it is made.
        beta: The betas of Anthropic that it asks for.
        request_id: Its id.
    """

    dialect: Dialect
    body: Json
    model: str
    options: GatewayOptions
    is_stream: bool
    beta: str | None
    request_id: str


def read_request(name: DialectName, content: bytes, headers: Headers, request_id: str) -> Asked:
    """Read a request.

    Raises:
        UnfitRequestError: If it is none; says why.
    """
    body = _json(content)
    dialect = _SPOKEN[name]
    model, is_stream = body.get("model"), body.get("stream", False)
    if not isinstance(model, str) or not model.removeprefix(ALIAS):
        raise UnfitRequestError("model is missing; GET /v1/models names those that there are")
    if not isinstance(is_stream, bool | None):
        raise UnfitRequestError(f"stream is {str(is_stream)[:40]!r}; it is true or false")
    if not isinstance(body.get("service_tier"), str | None):
        raise UnfitRequestError("service_tier is no text")
    dialect.check(body)
    options = _options(body.pop("toolshed", None), headers)
    if model.startswith(ALIAS):
        options = options.model_copy(update={"tools": True})
    beta = headers.get("anthropic-beta") if name == "messages" else None
    return Asked(dialect, body, model.removeprefix(ALIAS), options, bool(is_stream), beta, request_id)


def _json(content: bytes) -> Json:
    try:
        value = strict_json(content, whole_floats=False)
        check_json(value, most_values=_MAX_VALUES, most_depth=_MAX_DEPTH)
    except JSONDecodeError as error:
        raise UnfitRequestError(f"the body cannot be read: {error.msg[:300]}") from error
    if not isinstance(value, dict):
        raise UnfitRequestError("the body is no JSON object")
    return value


def _options(given: object, headers: Headers) -> GatewayOptions:
    told: Json = dict(given) if isinstance(given, dict) else {}
    if given is not None and not isinstance(given, dict):
        raise UnfitRequestError("toolshed is no object; it holds what is asked of the gateway")
    for name in ("task_id", "task_class"):
        if (said := headers.get(f"x-toolshed-{name.replace('_', '-')}")) is not None:
            told.setdefault(name, said)
    for name in ("tools", "defer"):
        if (said := headers.get(f"x-toolshed-{name}")) is not None:
            if said.lower() not in ("on", "off"):
                raise UnfitRequestError(f"x-toolshed-{name} is {said[:40]!r}; it is on or off")
            told.setdefault(name, said.lower() == "on")
    try:
        # Read once more: the body keeps 3.0 for the upstream, and the description calls it whole.
        return GatewayOptions.model_validate(strict_json(json.dumps(told).encode()))
    except ValidationError as error:
        wrong = "; ".join(
            f"toolshed.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5]
        )
        raise UnfitRequestError(wrong[:1_000]) from None
