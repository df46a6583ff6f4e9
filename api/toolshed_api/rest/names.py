"""What several endpoints are given: whose it is, which page, since when."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BeforeValidator

from toolshed_api.dependencies import CurrentCaller


def _meant_tenant(
    caller: CurrentCaller,
    tenant: Annotated[
        str | None,
        Query(
            max_length=63,
            description="Another than the caller's own; for administrators of 'default'.",
        ),
    ] = None,
) -> str:
    meant = tenant or caller.tenant
    caller.check_manages(meant)
    return meant


def _written_out(given: object) -> object:
    """Refuse numbers, which pydantic takes for seconds, or thousandths of them, since 1970."""
    if isinstance(given, str) and given.strip().lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("a time is written out, such as 2026-12-01T08:30:00Z")
    return given


# None where it was left out.
Time = Annotated[datetime | None, BeforeValidator(_written_out)]
MeantTenant = Annotated[str, Depends(_meant_tenant)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Most of them to return.")]
After = Annotated[str, Query(max_length=64, description="The last id of the page before.")]
