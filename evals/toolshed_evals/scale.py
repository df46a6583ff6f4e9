"""Seal-Tools enlarged by recombined tools, indexed and kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolshed.indexing.tools import unwatched
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.knowledge_base.tools import TOOL_LAYOUT
from toolshed.options import Progress
from toolshed.pipelines import Ingredients
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import Dataset, load_dataset
from toolshed_evals.recombined import recombined

_BASE = "sealtools-test-in"


@contextmanager
def enlarged(
    n_tools: int, cache: Path, *, progress: Progress = unwatched
) -> Iterator[tuple[Dataset, Ingredients]]:
    """The data set, and its tools among so many, as pipelines search them; kept, so that it is done once.

    Raises:
        KnowledgeBaseError: If the folder is in use or cannot be written to.
    """
    dataset = load_dataset(_BASE)
    folder = cache / f"{_BASE}-{n_tools}-layout-{TOOL_LAYOUT.version}"
    with Toolshed(folder, pipeline="default") as shed:
        shed.add_catalogs([dataset.catalog], skip_invalid=True, replace=True, progress=progress)
        store = shed.knowledge_base
        n_more = n_tools - store.count({"source": [dataset.catalog.source]})
        if store.count() < n_tools:
            own = sorted(store.scan({"source": [dataset.catalog.source]}), key=lambda record: record.tool_id)
            for batch in recombined(own, n_more, shed.encoders.static):
                store.upsert(batch)
        yield dataset, Ingredients(CatalogIndex(store), shed.encoders.read)
