"""The gateway as a part of the service."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fastapi import APIRouter

from toolshed_api.gateway import endpoints
from toolshed_api.gateway.configuration import GatewayConfiguration, read_gateway
from toolshed_api.gateway.exchange import Gateway
from toolshed_api.gateway.upstreams import Upstreams


@dataclass(frozen=True, slots=True)
class GatewayPart:
    """Its endpoints, and what they need while the service runs.

    Attributes:
        configuration: What it serves.
        router: Its endpoints.
    """

    configuration: GatewayConfiguration
    router: APIRouter

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read its file.

        Raises:
            ConfigurationError: If that cannot be read.
        """
        return cls(read_gateway(path), endpoints.router)

    def opened(self) -> Gateway:
        """What the endpoints need, with connections that are to be closed."""
        return Gateway(self.configuration, Upstreams(self.configuration.file.limits))
