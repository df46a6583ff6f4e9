"""What endpoints depend on, as annotated aliases."""

from typing import Annotated

from fastapi import Depends, Request

from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.access import shows_key


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _shed(request: Request) -> Toolshed:
    shed: Toolshed = request.app.state.shed
    return shed


CurrentSettings = Annotated[Settings, Depends(_settings)]
CurrentShed = Annotated[Toolshed, Depends(_shed)]


def _is_trusted(request: Request, settings: CurrentSettings) -> bool:
    """Whether the caller may learn more than that the service is there."""
    return shows_key(request.headers, settings)


IsTrusted = Annotated[bool, Depends(_is_trusted)]
