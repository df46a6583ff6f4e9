"""What is compared: our pipelines, and BM25 as in the literature."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rank_bm25 import BM25Okapi

from toolshed.backbones.chat import ChatModel
from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.planning import RecordedPlans
from toolshed.options import PipelineName
from toolshed.pipelines import PipelineBuilder, build_pipeline, full
from toolshed.pre_retrieval.documents import readable_name
from toolshed.presets import PIPELINES
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import Dataset, dataset_tool_id
from toolshed_evals.measures import DEPTH

BASELINE = "bm25-paper"
RETRIEVERS = (*PIPELINES, BASELINE)
# The parts of requests by their texts.
Plans = Mapping[str, Sequence[str]]
_TOKEN = re.compile(r"[a-z0-9]+")


class Retriever(AbstractContextManager["Retriever"], Protocol):
    """Ranks the tools of a data set."""

    def index(self, dataset: Dataset) -> None:
        """Make the tools searchable."""

    def rank(self, query: str) -> Sequence[str]:
        """The data set's ids of the best tools, best first."""


class PipelineRetriever:
    """One of our pipelines on the embedded knowledge base in a temporary folder."""

    def __init__(
        self,
        pipeline: PipelineName,
        *,
        encoder_threads: int,
        enhancements: str | None = None,
        plans: Plans | None = None,
        chat: ChatModel | None = None,
    ) -> None:
        self._enhancements = enhancements
        asked = pipeline if plans is None else _with_plans(pipeline, plans)
        self._folder = tempfile.TemporaryDirectory(prefix="toolshed-eval-")
        self._shed = Toolshed(
            Path(self._folder.name) / "shed",
            pipeline=asked if chat is None else full(chat, pipeline),
            encoder_threads=encoder_threads,
            multilingual=False,
        )

    def index(self, dataset: Dataset) -> None:
        self._shed.sync_catalogs([dataset.catalog], skip_invalid=True, enhancements=self._enhancements)

    def rank(self, query: str) -> list[str]:
        return [dataset_tool_id(found.tool) for found in self._shed.search(query, DEPTH).tools]

    def __repr__(self) -> str:
        return repr(self._shed.tools.prepared("describe", 1, {}, self._shed.passages).pipeline)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shed.close()
        self._folder.cleanup()


def _with_plans(name: PipelineName, plans: Plans) -> PipelineBuilder:
    return lambda made_of: build_pipeline(
        name, made_of, planner=lambda otherwise: RecordedPlans(plans, otherwise)
    )


class LiteratureBM25:
    """``rank_bm25`` with its defaults over name and description, tokens ``[a-z0-9]+``."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._index: BM25Okapi | None = None

    def index(self, dataset: Dataset) -> None:
        tools = dataset.catalog.tools
        self._ids = [dataset_tool_id(tool) for tool in tools]
        texts = (f"{readable_name(tool.name)} {tool.description}" for tool in tools)
        self._index = BM25Okapi([_TOKEN.findall(text.lower()) or ["_"] for text in texts])

    def rank(self, query: str) -> list[str]:
        assert self._index is not None
        return list(self._index.get_top_n(_TOKEN.findall(query.lower()), self._ids, n=DEPTH))

    def __repr__(self) -> str:
        return "BM25Okapi(k1=1.5, b=0.75), name + description, [a-z0-9]+"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to release."""


def make_retriever(
    name: str,
    *,
    encoder_threads: int = 1,
    enhancements: str | None = None,
    plans: Plans | None = None,
    chat: ChatModel | None = None,
) -> PipelineRetriever | LiteratureBM25:
    """The retriever of that name, with all stages of a language model where one is given.

    Raises:
        ConfigurationError: If there is none, or it knows nothing of enhancements, plans and models, or plans
            are given beside a model that makes some.
    """
    if name == BASELINE:
        if enhancements is not None or plans is not None or chat is not None:
            raise ConfigurationError(
                f"{BASELINE} is the literature's and takes no enhancements, plans or replies of a model"
            )
        return LiteratureBM25()
    if plans is not None and chat is not None:
        raise ConfigurationError("a model plans the queries itself; give its replies or a file of plans")
    if name not in PIPELINES:
        raise ConfigurationError(f"unknown pipeline {name!r}; choose one of {', '.join(RETRIEVERS)}")
    return PipelineRetriever(
        name, encoder_threads=encoder_threads, enhancements=enhancements, plans=plans, chat=chat
    )
