"""Opening a knowledge base: its stores on the engine that its location names."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from typing_extensions import TypedDict

from toolshed.backbones.embedding import DenseEncoder
from toolshed.catalog.reach import LOCAL, Reach
from toolshed.errors import missing_extra
from toolshed.knowledge_base.engine import Engine
from toolshed.knowledge_base.examples import EXAMPLE_LAYOUT, ExampleStore
from toolshed.knowledge_base.following import FollowingEngine, FollowingToolStore
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.knowledge_base.store import Layout, Store
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.knowledge_base.tuned import TUNED_LAYOUT, TunedStore
from toolshed.options import Credentials, Option, PipelineName
from toolshed.pipelines import PipelineBuilder
from toolshed.shed.location import Location
from toolshed.shed.sharing import Sharing

if TYPE_CHECKING:
    from toolshed.knowledge_base.server import ServerEngine
    from toolshed.settings import Settings

AnyStore = TypeVar("AnyStore", bound=Store[Any])


class ShedArguments(TypedDict, total=False):
    """Options of opening a knowledge base."""

    pipeline: Annotated[
        PipelineName | PipelineBuilder, Option("default", "Named pipeline; 'instant' needs no transformer.")
    ]
    encoder: Annotated[
        DenseEncoder | str | None,
        Option(None, "Another dense encoder: sentence-transformers:MODEL or openai:MODEL[:DIMENSION]."),
    ]
    multilingual: Annotated[
        bool,
        Option(
            True,
            "Whether a new knowledge base serves other languages than English too, where the extra "
            "'multilingual' is installed; that doubles the time of indexing.",
        ),
    ]
    encoder_threads: Annotated[int, Option(1, "Threads of one encoding.", least=1, most=64)]
    blas_threads: Annotated[
        int | None,
        Option(
            1,
            "Most threads of numpy's linear algebra, in the whole process, while a search runs; None leaves "
            "it alone. More than one takes more CPU time and no less waiting.",
            least=1,
            most=1024,
        ),
    ]
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
    keeps_requests: Annotated[
        bool,
        Option(False, "Keep the text of requests whose outcome is reported, beside vectors and digests."),
    ]
    credentials: Annotated[
        Credentials | None,
        Option(None, "Credentials for calling tools, by source and security scheme.", is_for_python=True),
    ]
    state: Annotated[
        str | None,
        Option(None, "Where pins, quarantine and credentials are kept; beside the knowledge base if none."),
    ]
    secrets_key: Annotated[
        str | None,
        Option(None, "What credentials for upstream servers are sealed with.", is_for_python=True),
    ]
    sharing: Annotated[
        Sharing | None,
        Option(None, "Which of several processes over one knowledge base this is.", is_for_python=True),
    ]
    reach: Annotated[
        Reach, Option(LOCAL, "What whoever names sources, or calls tools, may reach.", is_for_python=True)
    ]


def options_from(settings: "Settings") -> ShedArguments:
    """The options that the applications' settings stand for."""
    key = settings.qdrant_api_key
    return ShedArguments(
        pipeline=settings.pipeline,
        encoder=settings.encoder,
        multilingual=settings.multilingual,
        encoder_threads=settings.encoder_threads,
        blas_threads=settings.blas_threads or None,
        qdrant_api_key=key.get_secret_value() if key else None,
        collection=settings.collection,
        ledger=settings.ledger,
        state=settings.state,
        secrets_key=settings.secrets_key.get_secret_value() if settings.secrets_key else None,
        prices=settings.prices,
    )


def open_tools(location: Location, encoders: Manifest, options: ShedArguments) -> ToolStore:
    """Open the store of tools; see :func:`open_engine` for what it raises."""
    engine = open_engine(TOOL_LAYOUT, location, encoders, options)
    if isinstance(engine, FollowingEngine):
        return FollowingToolStore(engine)
    return _undamaged(ToolStore(engine))


def open_passages(location: Location, encoders: Manifest, options: ShedArguments) -> PassageStore:
    """Open the store of passages, beside tools that are open; see :func:`open_engine` for what it raises."""
    return _undamaged(PassageStore(open_engine(PASSAGE_LAYOUT, location, encoders, options)))


def open_examples(location: Location, encoders: Manifest, options: ShedArguments) -> ExampleStore:
    """Open the store of usage examples, beside tools that are open; see :func:`open_engine`."""
    return _undamaged(ExampleStore(open_engine(EXAMPLE_LAYOUT, location, encoders, options)))


def open_tuned(location: Location, encoders: Manifest, options: ShedArguments) -> TunedStore:
    """Open the store of tuned states, beside tools that are open; see :func:`open_engine`."""
    return _undamaged(TunedStore(open_engine(TUNED_LAYOUT, location, encoders, options)))


def may_hold(layout: Layout, location: Location, options: ShedArguments) -> bool:
    """Whether there may be records of a kind; a server is asked for their collection, and none is made.

    Raises:
        KnowledgeBaseError: If the server cannot be reached or refuses.
        ConfigurationError: If its client is not installed.
    """
    if not location.is_server:
        return location.folder is not None and location.holds(layout.name)
    return _server().holds_collection(
        location.text, _collection(layout, options), api_key=options["qdrant_api_key"]
    )


def _undamaged(store: AnyStore) -> AnyStore:
    """The store, looked through if it may be damaged; what cannot be read does not stay locked."""
    try:
        store.check_if_suspect()
    except BaseException:
        store.close()
        raise
    return store


def open_engine(
    layout: Layout,
    location: Location,
    encoders: Manifest,
    options: ShedArguments,
    *,
    as_written: bool = False,
) -> Engine:
    """Open the engine that keeps one kind of record.

    Args:
        encoders: What records are to be written with.
        as_written: Whether they come from elsewhere, in the layout that ``encoders`` says.

    Raises:
        KnowledgeBaseError: If it cannot be opened; see the subclasses.
        ConfigurationError: If the client of a Qdrant server is not installed.
    """
    manifest = encoders if as_written else layout.manifest(encoders)
    is_tools = layout is TOOL_LAYOUT
    if location.is_memory:
        return MemoryEngine(layout.schema, manifest)
    sharing, tenant = options["sharing"], options["tenant"]
    if location.folder is not None:
        # Tools came first: the folder is theirs, and other kinds lie in folders of their own.
        folder = location.folder if is_tools else location.folder / layout.name
        if sharing is not None and not sharing.writes:
            return sharing.following(tenant, layout, folder, manifest)
        from toolshed.knowledge_base.edge import EdgeEngine

        counted = None if sharing is None else sharing.revisions(tenant, layout.name)
        shard = layout.name if is_tools else "shard"
        return EdgeEngine(folder, layout.schema, manifest, shard=shard, revisions=counted)
    return _server()(
        location.text,
        layout.schema,
        manifest,
        collection=_collection(layout, options),
        api_key=options["qdrant_api_key"],
        revisions=None if sharing is None else sharing.revisions(tenant, layout.name),
    )


def _server() -> "type[ServerEngine]":
    try:
        from toolshed.knowledge_base.server import ServerEngine
    except ImportError as error:
        raise missing_extra("qdrant-client", "server") from error
    return ServerEngine


def _collection(layout: Layout, options: ShedArguments) -> str:
    """The collection of a kind of record: beside that of the tools."""
    given = options["collection"]
    if layout is TOOL_LAYOUT:
        return given
    return layout.name if given == TOOL_LAYOUT.name else f"{given}-{layout.name}"
