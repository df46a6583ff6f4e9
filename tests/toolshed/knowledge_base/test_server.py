"""What is special to the Qdrant server; the rest is in the contract suite."""

from typing import Any

import pytest
from qdrant_client import QdrantClient, models

from tests.qdrant_stub import qdrant_stub
from toolshed.backbones.static import StaticEncoder
from toolshed.errors import KnowledgeBaseError, KnowledgeBaseMismatchError
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.server import ServerEngine
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.testing import HashingEncoder, make_tool

MANIFEST = Manifest("hashing:64", 64, StaticEncoder.model_id, StaticEncoder.dimension)


def open_tools(url: str, *, collection: str = "tools", **options: Any) -> ToolStore:
    return ToolStore(ServerEngine(url, TOOL_LAYOUT.schema, MANIFEST, collection=collection, **options))


def test_nobody_answers_at_the_url() -> None:
    with pytest.raises(KnowledgeBaseError, match="did not answer"):
        open_tools("http://127.0.0.1:9", timeout_seconds=2)


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_a_wrong_api_key_is_explained() -> None:
    with qdrant_stub(api_key="right") as url:
        with pytest.raises(KnowledgeBaseError, match=r"status 401.*check the API key"):
            open_tools(url, api_key="wrong")
        assert open_tools(url, api_key="right").count() == 0


def test_a_collection_of_somebody_else_is_left_alone() -> None:
    with qdrant_stub() as url:
        client = QdrantClient(url=url, check_compatibility=False)
        client.create_collection(
            "tools", vectors_config=models.VectorParams(size=4, distance=models.Distance.DOT)
        )
        with pytest.raises(KnowledgeBaseMismatchError, match="was not made by this Toolshed"):
            open_tools(url)


def test_two_clients_share_one_collection() -> None:
    with qdrant_stub() as url:
        first, second = open_tools(url), open_tools(url)
        first.upsert(embed_tools([make_tool("a")], static=StaticEncoder(), dense=HashingEncoder()).records)
        assert second.count() == 1
        other = open_tools(url, collection="others")
        assert other.count() == 0
