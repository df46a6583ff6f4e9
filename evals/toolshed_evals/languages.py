"""Requests in other languages than English to a smart home whose tools are described in English.

The data set is our own: 82 requests in German and 14 each in five other languages; a half of each (``dev``)
is to choose by, the other (``test``) to judge by.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from toolshed.options import PipelineName
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import Dataset, dataset_tool_id, load_dataset
from toolshed_evals.measures import DEPTH, means, measure

SMART_HOME = Path(__file__).with_name("smart_home")
Half = Literal["dev", "test"]
# Pipeline, and whether the tools are encoded for other languages.
VARIANTS: Sequence[tuple[PipelineName, bool]] = (
    ("hybrid", False),
    ("default", False),
    ("default", True),
    ("instant", True),
)


def by_language(half: Half) -> dict[str, Dataset]:
    """The requests of a half, by the code of their language."""
    whole = load_dataset(str(SMART_HOME))
    found: dict[str, Dataset] = {}
    for language in dict.fromkeys(query.partition("-")[0] for query in whole.queries):
        own = [query for query in whole.queries if query.startswith(f"{language}-{half}-")]
        found[language] = Dataset(
            language,
            whole.catalog,
            {query: whole.queries[query] for query in own},
            {query: whole.qrels[query] for query in own},
        )
    return found


def recalls(datasets: Mapping[str, Dataset], pipeline: PipelineName, *, multilingual: bool) -> dict[str, str]:
    """Recall@5 and Recall@1 of each of several sets of requests to the same tools."""
    found = {}
    with Toolshed("memory:", pipeline=pipeline, multilingual=multilingual) as shed:
        shed.sync_catalogs([next(iter(datasets.values())).catalog])
        for language, dataset in datasets.items():
            run = {
                query: [dataset_tool_id(one.tool) for one in shed.search(text, DEPTH).tools]
                for query, text in dataset.queries.items()
            }
            measured = means(measure(run, dataset.qrels))
            found[language] = f"{measured['recall@5']:.2f} / {measured['recall@1']:.2f}"
    return found
