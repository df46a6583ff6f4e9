"""What the gateway serves: upstreams, groups of models to choose from, budgets. Read from a file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, field_validator, model_validator

from toolshed.economics.running.terms import Budget
from toolshed.errors import ConfigurationError, ToolshedError
from toolshed_api.gateway.errors import DialectName
from toolshed_api.streams import STREAM_SECONDS

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Usd = Annotated[Decimal, Field(gt=0, le=10**9)]


class UnknownGatewayModelError(ToolshedError):
    """A model that no upstream of the gateway serves in the dialect that it is asked in."""

    code = "unknown_gateway_model"
    http_status = 404


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UpstreamSettings(_Part):
    """A provider, or any server with the API of one.

    Attributes:
        base_url: Where it is, with the version: ``https://api.openai.com/v1``.
        key_env: The variable of the environment that holds its key; it is read for each request.
        dialects: What it speaks: ``chat`` completions, ``responses``, ``messages``.
        models: The models to serve; a mapping where the upstream calls them otherwise.
    """

    base_url: HttpUrl
    key_env: _Name | None = None
    dialects: Annotated[list[DialectName], Field(min_length=1)]
    models: Annotated[dict[_Name, _Name], Field(min_length=1)]

    @field_validator("models", mode="before")
    @classmethod
    def _by_name(cls, models: object) -> object:
        return {name: name for name in models} if isinstance(models, list) else models


class GroupSettings(_Part):
    """A name under which the backbone policy chooses, by cost of pass.

    Attributes:
        models: The backbones on offer.
        failure_price_usd: What a failed request costs.
        floor: Least pass rate.
        incumbent: What is used while none is certified at the floor.
        task_class: The class of its requests in the ledger, where a request names none.
    """

    models: Annotated[list[_Name], Field(min_length=1)]
    failure_price_usd: Annotated[Decimal, Field(ge=0, le=10**9)] | None = None
    floor: Annotated[float, Field(gt=0, lt=1)] | None = None
    incumbent: str | None = None
    task_class: _Name = "gateway"

    @model_validator(mode="after")
    def _has_terms(self) -> Self:
        if self.failure_price_usd is None and self.floor is None:
            raise ValueError("give failure_price_usd, what a failed request costs, or floor, a pass rate")
        if self.incumbent is not None and self.incumbent not in self.models:
            raise ValueError(f"the incumbent {self.incumbent!r} is not among the models")
        return self


class BudgetSettings(_Part):
    """What a tenant, or one of his callers, may spend in a window.

    Attributes:
        tenant: Whose; every tenant's, each for himself, when not given.
        caller: The caller, as the audit log calls him; all callers of the tenant together when not given.
        limit_usd: Hard cap.
        window_hours: Length of a window.
    """

    tenant: _Name | None = None
    caller: _Name | None = None
    limit_usd: _Usd
    window_hours: Annotated[float, Field(gt=0, le=24 * 366)] = 24.0


class LimitSettings(_Part):
    """How long upstreams may take, in seconds.

    Attributes:
        connect: To be reached.
        idle: To say something: the first word of an answer, and each next one.
        total: For a whole answer.
    """

    connect: Annotated[float, Field(gt=0, le=60)] = 10.0
    idle: Annotated[float, Field(gt=0, le=600)] = 120.0
    total: Annotated[float, Field(gt=0, le=STREAM_SECONDS / 2 - 60)] = 600.0


class GatewayFile(_Part):
    """The file."""

    upstreams: Annotated[dict[_Name, UpstreamSettings], Field(min_length=1)]
    groups: dict[_Name, GroupSettings] = Field(default_factory=dict)
    budgets: list[BudgetSettings] = Field(default_factory=list)
    limits: LimitSettings = Field(default_factory=LimitSettings)

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        served = {name for upstream in self.upstreams.values() for name in upstream.models}
        for name, group in self.groups.items():
            if unknown := sorted(set(group.models) - served):
                raise ValueError(f"the group {name!r} names {unknown[0]!r}, which no upstream serves")
            if name in served:
                raise ValueError(f"{name!r} is a group and a model; give the group another name")
        return self


@dataclass(frozen=True, slots=True)
class Route:
    """Where a model is asked: the upstream, and what that calls it."""

    upstream: UpstreamSettings
    model: str

    @property
    def key(self) -> str | None:
        """The upstream's key, as the environment has it now.

        Raises:
            ConfigurationError: If the environment has none.
        """
        if self.upstream.key_env is None:
            return None
        key = os.environ.get(self.upstream.key_env, "").strip()
        if not key or not key.isascii() or not key.isprintable():
            raise ConfigurationError(
                f"the environment variable {self.upstream.key_env!r} holds no key for the upstream at "
                f"{self.upstream.base_url.host!r}; the operator of the gateway sets it"
            )
        return key


@dataclass(frozen=True)
class GatewayConfiguration:
    """What the gateway serves.

    Attributes:
        file: As it was read.
    """

    file: GatewayFile

    def candidates(self, name: str, dialect: DialectName) -> Sequence[str]:
        """The models that a name stands for, those of a group that speak a dialect.

        Raises:
            UnknownGatewayModelError: If there are none.
        """
        group = self.file.groups.get(name)
        named = group.models if group else [name]
        routes = self.routes(dialect)
        if found := [model for model in named if model in routes]:
            return found
        known = ", ".join(self.names(dialect)) or "none"
        raise UnknownGatewayModelError(
            f"there is no model {name[:80]!r} for {dialect} here; those that there are: {known}"
        )

    def routes(self, dialect: DialectName) -> Mapping[str, Route]:
        """Where the models that speak a dialect are asked; of several upstreams the first."""
        found: dict[str, Route] = {}
        for upstream in self.file.upstreams.values():
            if dialect in upstream.dialects:
                for name, model in upstream.models.items():
                    found.setdefault(name, Route(upstream, model))
        return found

    def names(self, dialect: DialectName | None = None) -> list[str]:
        """What may be asked for, in a dialect or in any: the groups, then the models."""
        dialects: Sequence[DialectName] = (dialect,) if dialect else ("chat", "responses", "messages")
        served = dict.fromkeys(model for one in dialects for model in self.routes(one))
        groups = [name for name, group in self.file.groups.items() if set(group.models) & served.keys()]
        return [*groups, *served]

    def budgets_of(self, tenant: str, caller: str) -> tuple[Budget, ...]:
        """What a caller's requests are held to: his own budgets, and his tenant's."""
        return tuple(
            Budget(
                one.limit_usd,
                timedelta(hours=one.window_hours),
                holder="" if one.caller is None else caller,
            )
            for one in self.file.budgets
            if one.tenant in (None, tenant) and one.caller in (None, caller)
        )


def read_gateway(path: Path) -> GatewayConfiguration:
    """Read the file, YAML or JSON.

    Raises:
        ConfigurationError: If it cannot be read, or is none; names the place.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigurationError(f"the gateway's file {str(path)!r} cannot be read: {error}") from error
    try:
        return GatewayConfiguration(GatewayFile.model_validate(value))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
        raise ConfigurationError(f"the gateway's file {str(path)!r} is wrong: {wrong}") from None
