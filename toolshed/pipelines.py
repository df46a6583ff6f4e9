"""The named pipelines: what each is composed of. Their numbers stand in ``presets``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from toolshed.backbones.embedding import DenseEncoder
from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.decomposition import Decompose
from toolshed.intra_retrieval.encoding import Encode
from toolshed.intra_retrieval.fusion import Fuse
from toolshed.intra_retrieval.search import Search
from toolshed.options import PipelineName
from toolshed.post_retrieval.selection import Select
from toolshed.presets import PIPELINES, RankingPreset
from toolshed.queries import Query
from toolshed.rankings import Selection
from toolshed.stages import Stage


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a pipeline is made of.

    Attributes:
        index: The tools.
        encoders: The encoders by the name that channels call them.
    """

    index: CatalogIndex
    encoders: Mapping[str, DenseEncoder]


# A pipeline of one's own: ``lambda made_of: Rewrite(chat) >> build_pipeline("default", made_of)``.
PipelineBuilder = Callable[[Ingredients], Stage[Query, Selection]]


def build_pipeline(name: PipelineName, made_of: Ingredients) -> Stage[Query, Selection]:
    """Build a named pipeline.

    Raises:
        ConfigurationError: If there is no pipeline of that name.
    """
    preset = PIPELINES.get(name)
    if preset is None:
        raise ConfigurationError(f"unknown pipeline {name!r}; choose one of {', '.join(PIPELINES)}")
    return compose(preset, made_of)


def compose(preset: RankingPreset, made_of: Ingredients) -> Stage[Query, Selection]:
    """The pipeline of a preset, named or not."""
    return (
        Decompose(is_split=preset.sub_queries is not None)
        >> Encode(made_of.encoders)
        >> Search(made_of.index, preset.channels)
        >> Fuse(preset)
        >> Select(preset.calibration)
    )
