"""Our engines fulfil their contract: memory, edge, server, and a real server at QDRANT_URL."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.qdrant_stub import qdrant_stub
from toolshed.knowledge_base.edge import EdgeEngine
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.server import ServerEngine
from toolshed.testing.contract_samples import OpenEngine
from toolshed.testing.engine_contract import EngineContract


class TestMemory(EngineContract):
    persists = False

    @pytest.fixture
    def open_engine(self) -> OpenEngine:
        return lambda layout, manifest: MemoryEngine(layout.schema, manifest)


class TestEdge(EngineContract):
    @pytest.fixture
    def open_engine(self, tmp_path: Path) -> OpenEngine:
        return lambda layout, manifest: EdgeEngine(tmp_path / layout.name, layout.schema, manifest)


class TestServer(EngineContract):
    @pytest.fixture
    def open_engine(self) -> Iterator[OpenEngine]:
        with qdrant_stub() as url:
            yield lambda layout, manifest: ServerEngine(url, layout.schema, manifest, collection=layout.name)


# A real server joins in where there is one; without, nothing is skipped and nothing pretended.
if "QDRANT_URL" in os.environ:

    @pytest.mark.integration
    class TestRealServer(EngineContract):
        @pytest.fixture
        def open_engine(self) -> OpenEngine:
            run = uuid.uuid4().hex
            return lambda layout, manifest: ServerEngine(
                os.environ["QDRANT_URL"], layout.schema, manifest, collection=f"{layout.name}-{run}"
            )
