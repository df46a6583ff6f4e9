"""The tenant that an administrator means."""

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
