"""Opening a knowledge base: its stores on the engine that its location names."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typing_extensions import TypedDict

from toolshed.backbones.embedding import DenseEncoder
from toolshed.errors import missing_extra
from toolshed.knowledge_base.memory import MemoryKnowledgeBase
from toolshed.knowledge_base.passages import PASSAGE_SCHEMA_VERSION, PassageStore
from toolshed.knowledge_base.protocol import KnowledgeBase, Manifest
from toolshed.options import Option, PipelineName
from toolshed.pipelines import PipelineBuilder
from toolshed.settings import Settings
from toolshed.shed.location import Location


class ShedArguments(TypedDict, total=False):
    """Options of opening a knowledge base."""

    pipeline: Annotated[
        PipelineName | PipelineBuilder, Option("default", "Named pipeline; 'instant' needs no transformer.")
    ]
    encoder: Annotated[
        DenseEncoder | str | None,
        Option(None, "Another dense encoder: sentence-transformers:MODEL or openai:MODEL[:DIMENSION]."),
    ]
    encoder_threads: Annotated[int, Option(1, "Threads of one encoding.", least=1, most=64)]
    qdrant_api_key: Annotated[str | None, Option(None, "Key of the Qdrant server.")]
    collection: Annotated[str, Option("tools", "Collection on the Qdrant server.")]
    ledger: Annotated[
        str | Path | None,
        Option(
            None, "Where costs are booked: a file or a SQLAlchemy URL; beside the knowledge base if none."
        ),
    ]
    prices: Annotated[
        str | Path | None, Option(None, "Price file of the deployment, beside the public list.")
    ]
    tenant: Annotated[str, Option("default", "Whose costs they are.")]


def options_from(settings: Settings) -> ShedArguments:
    """The options that the applications' settings stand for."""
    key = settings.qdrant_api_key
    return ShedArguments(
        pipeline=settings.pipeline,
        encoder=settings.encoder,
        encoder_threads=settings.encoder_threads,
        qdrant_api_key=key.get_secret_value() if key else None,
        collection=settings.collection,
        ledger=settings.ledger,
        prices=settings.prices,
    )


def open_tools(location: Location, manifest: Manifest, options: ShedArguments) -> KnowledgeBase:
    """Open the store of tools.

    Raises:
        KnowledgeBaseError: If it cannot be opened; see the subclasses.
        ConfigurationError: If the client of a Qdrant server is not installed.
    """
    if location.is_memory:
        return MemoryKnowledgeBase(manifest)
    if location.folder is not None:
        from toolshed.knowledge_base.edge import EdgeKnowledgeBase

        return EdgeKnowledgeBase(location.folder, manifest)
    try:
        from toolshed.knowledge_base.server import ServerKnowledgeBase
    except ImportError as error:
        raise missing_extra("qdrant-client", "server") from error
    return ServerKnowledgeBase(
        location.text, manifest, api_key=options["qdrant_api_key"], collection=options["collection"]
    )


def open_passages(location: Location, of_tools: Manifest, options: ShedArguments) -> PassageStore:
    """Open the store of passages, beside tools that are open.

    Raises:
        KnowledgeBaseError: If it cannot be opened; see the subclasses.
    """
    manifest = replace(of_tools, schema_version=PASSAGE_SCHEMA_VERSION)
    if location.is_memory:
        from toolshed.knowledge_base.memory_passages import MemoryPassageStore

        return MemoryPassageStore(manifest)
    if location.folder is not None:
        from toolshed.knowledge_base.edge_passages import EdgePassageStore

        return EdgePassageStore(location.folder / "passages", manifest)
    from toolshed.knowledge_base.server_passages import ServerPassageStore

    collection = "passages" if options["collection"] == "tools" else f"{options['collection']}-passages"
    return ServerPassageStore(
        location.text, manifest, api_key=options["qdrant_api_key"], collection=collection
    )
