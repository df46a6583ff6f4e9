"""What endpoints depend on, as annotated aliases."""

import hmac
from typing import Annotated

from fastapi import Depends, Request

from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.problems import UnauthorizedError


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _shed(request: Request) -> Toolshed:
    shed: Toolshed = request.app.state.shed
    return shed


def _authorized(request: Request, settings: Annotated[Settings, Depends(_settings)]) -> None:
    """Check the API key, if keys are set; without any, ``toolshed serve`` binds to loopback only."""
    if not settings.api_keys:
        return
    bearer = request.headers.get("authorization", "")
    shown = bearer[7:] if bearer.lower().startswith("bearer ") else request.headers.get("x-api-key", "")
    # Every key is compared, in constant time, so the answer's delay tells nothing.
    matches = [
        hmac.compare_digest(shown.encode(), key.get_secret_value().encode()) for key in settings.api_keys
    ]
    if not any(matches):
        raise UnauthorizedError("show a valid API key: 'Authorization: Bearer KEY' or 'X-API-Key: KEY'")


CurrentSettings = Annotated[Settings, Depends(_settings)]
CurrentShed = Annotated[Toolshed, Depends(_shed)]
Authorized = Depends(_authorized)
