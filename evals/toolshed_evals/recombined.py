"""Catalogs of any size: the tools of a data set, and others that are put together from two of them each.

A recombined tool has the first words of one tool's name and description and the last ones of another's, with
the arguments of that. Its words and static vectors are computed; its dense vectors are those of its parents
mixed, so that a hundred thousand tools need no transformer. What is measured on such catalogs is time, memory
and whether a quicker search finds what an exact one finds; they say nothing of how well tools are found.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from toolshed.backbones.embedding import normalise
from toolshed.backbones.lexical import split_identifier
from toolshed.backbones.static import StaticEncoder
from toolshed.knowledge_base.engine import NamedVectors
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolRecord
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.types import ToolDefinition
from toolshed.vectors import SparseVector, Vectors

_WRITTEN_TOGETHER = 512
# Recombined tools come from so many sources.
N_SOURCES = 50
# How much a recombined vector strays from its parents', so that no two are the same.
_STRAY = 0.02


def recombined(
    records: Sequence[ToolRecord], n_tools: int, static: StaticEncoder, *, seed: int = 0
) -> Iterator[list[ToolRecord]]:
    """So many recombined tools, in batches.

    Args:
        records: The tools that they are put together from.
        n_tools: How many.
        static: What their words are encoded with.
        seed: Equal seeds give equal tools.
    """
    draw, noise = random.Random(seed), np.random.default_rng(seed)  # noqa: S311  # samples, no secrets
    for start in range(0, n_tools, _WRITTEN_TOGETHER):
        numbers = range(start, min(start + _WRITTEN_TOGETHER, n_tools))
        parents = [draw.sample(records, 2) for _ in numbers]
        tools = [
            _tool(first.definition, second.definition, n)
            for n, (first, second) in zip(numbers, parents, strict=True)
        ]
        written = embed_tools(tools, static=static, dense=None).records
        yield [
            replace(record, vectors={**record.vectors, **_dense(first, second, noise)})
            for record, (first, second) in zip(written, parents, strict=True)
        ]


def _tool(first: ToolDefinition, second: ToolDefinition, n: int) -> ToolDefinition:
    return ToolDefinition(
        name=_halves(split_identifier(first.name), split_identifier(second.name), "_"),
        # Not in the name, where it would be a word that no other tool has.
        key=str(n),
        description=_halves(first.description.split(), second.description.split(), " "),
        parameters=second.parameters,
        source=f"recombined{n % N_SOURCES}",
    )


def _halves(first: Sequence[str], second: Sequence[str], between: str) -> str:
    return between.join([*first[: (len(first) + 1) // 2], *second[len(second) // 2 :]])


def _dense(first: ToolRecord, second: ToolRecord, noise: np.random.Generator) -> NamedVectors:
    found: dict[str, Vectors | SparseVector] = {}
    for channel in TOOL_LAYOUT.channels:
        own = first.vectors.get(channel.name)
        if channel.encoding != "dense" or own is None:
            continue
        other = second.vectors[channel.name if channel.kind == "dense" else "dense"]
        assert not isinstance(own, SparseVector)
        assert not isinstance(other, SparseVector)
        mixed = own + other
        found[channel.name] = normalise(mixed + noise.normal(0, _STRAY, mixed.shape).astype(np.float32))
    return found
