"""The catalogs to tune on: what is chosen is judged on those of another family."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from toolshed.backbones.minilm import Precision
from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.knowledge_base.tools import TOOL_LAYOUT
from toolshed.options import Progress
from toolshed.pipelines import Ingredients
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import Dataset, data_folder, load_dataset

_SAMPLE = Path(__file__).with_name("sample")


@dataclass(frozen=True, slots=True)
class DevCatalog:
    """One catalog with judged requests.

    Attributes:
        name: How it is called in reports.
        family: Catalogs of one family were made in one way by the same people: they are left out together.
        most_queries: Queries that are used, a fixed sample; large sets would only make the rest wait.
    """

    name: str
    family: str
    most_queries: int = 600

    def load(self) -> Dataset:
        """Read it, with the sample of its queries.

        Raises:
            ConfigurationError: If its files are missing.
        """
        try:
            dataset = replace(load_dataset(self._location), name=self.name)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"the catalog {self.name!r} cannot be read: {error}. Dev catalogs are looked for in "
                f"{str(data_folder())!r}; TOOLSHED_DATA names another folder"
            ) from error
        sampled = sorted(dataset.qrels, key=_shuffled)[: self.most_queries]
        return replace(
            dataset,
            queries={query: dataset.queries[query] for query in sampled},
            qrels={query: dataset.qrels[query] for query in sampled},
        )

    @property
    def _location(self) -> str:
        if self.name == "sample":
            return str(_SAMPLE)
        folder = data_folder() / "dev_catalogs" / self.name
        return str(folder) if self.family not in ("sealtools", "toole") else self.name


DEV_CATALOGS = (
    DevCatalog("apibank_lv12", "apibank"),
    DevCatalog("restbench_tmdb", "restbench"),
    DevCatalog("restbench_spotify", "restbench"),
    DevCatalog("bfcl_v4_nonlive", "bfcl"),
    DevCatalog("toolinkos", "toolinkos"),
    DevCatalog("stabletoolbench", "stabletoolbench"),
    DevCatalog("sealtools-dev", "sealtools"),
    DevCatalog("toole-single-dev", "toole", most_queries=1_500),
    DevCatalog("sample", "sample"),
)

# In which the default encoder computes; caches of another hold other vectors.
PRECISION: Precision = "int8"


def _shuffled(query_id: str) -> str:
    return hashlib.sha256(query_id.encode()).hexdigest()


def cache_folder() -> Path:
    """Where indexed catalogs are kept between runs."""
    return Path(platformdirs.user_cache_dir("toolshed")) / "evals"


@contextmanager
def indexed(
    dataset: Dataset,
    cache: Path,
    *,
    encoder_threads: int,
    progress: Progress,
    enhancements: Path | None = None,
) -> Iterator[Ingredients]:
    """A data set's tools as pipelines search them; the second time nothing is embedded.

    Args:
        dataset: The data set.
        cache: Folder that indexed catalogs are kept in.
        encoder_threads: Threads of the encoder.
        progress: Told after each batch.
        enhancements: File of what was written of the tools besides.

    Raises:
        KnowledgeBaseError: If the folder is in use or cannot be written to.
    """
    kind = "" if enhancements is None else "-enhanced"
    # What was encoded otherwise is another catalog.
    folder = cache / f"{dataset.name}{kind}-layout-{TOOL_LAYOUT.version}-{PRECISION}"
    with Toolshed(folder, pipeline="default", encoder_threads=encoder_threads, multilingual=False) as shed:
        shed.sync_catalogs(
            [dataset.catalog],
            skip_invalid=True,
            replace=True,
            progress=progress,
            enhancements=None if enhancements is None else str(enhancements),
        )
        yield Ingredients(CatalogIndex(shed.knowledge_base), shed.encoders.read)
