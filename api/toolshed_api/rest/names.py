"""What the endpoints of administrators are given: whose it is, and which page."""

from typing import Annotated

from fastapi import Depends, Query

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


MeantTenant = Annotated[str, Depends(_meant_tenant)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Most of them to return.")]
After = Annotated[str, Query(max_length=64, description="The last id of the page before.")]
