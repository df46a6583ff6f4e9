"""What is fitted together: the head of requests and the learned rankings, for all families or without one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolshed.intra_retrieval.learned_fusion import LinearRanking
from toolshed.intra_retrieval.query_head import QueryHead
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients, rank_stages
from toolshed.presets import PIPELINES
from toolshed.tuning.head import fit_head
from toolshed.tuning.listwise import JudgedCandidates
from toolshed_evals.fitting.catalogs import ReadCatalog
from toolshed_evals.fitting.confidence import AskedOnce, Ranker, asked_in_many_ways, fitted_confidence
from toolshed_evals.fitting.ranking import (
    Form,
    fit_enhanced,
    fit_ranking,
    recall_at_5,
)

_WORDS = (
    "soft_query",
    "soft_query_in_name",
    "soft_document",
    "soft_name",
    "soft_query_in_arguments",
    "soft_query_anywhere",
)
_OPERATIONS = ("same_operation", "changes_unasked", "other_operation")
_PARTS = ("parts", "part_margin")
# Requests that other catalogs are asked.
_MOST_FROM_EACH = 60
_ASKED = ("n_parts", "length", "known", "size", "rarest")
# Chosen by leaving families out: static vectors beside the words say nothing more, and weights that vary with
# the request are few, or they fit the catalogs that they were fitted on.
FORMS: Mapping[PipelineName, Form] = {
    "default": Form(
        ("dense", "topics", "words", "ngrams", "described", "arguments", *_PARTS, *_WORDS, *_OPERATIONS),
        ("words", "parts", "soft_query"),
        _ASKED,
    ),
    "instant": Form(
        ("static", "static_topics", "words", "ngrams", *_PARTS, *_WORDS, *_OPERATIONS),
        ("static", "words", *_PARTS, "soft_query", "soft_name"),
        _ASKED,
    ),
}
Judged = Mapping[PipelineName, Sequence[JudgedCandidates]]


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted.

    Attributes:
        head: The head of requests.
        rankings: The learned ranking of each pipeline that has one.
    """

    head: QueryHead
    rankings: Mapping[PipelineName, LinearRanking]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What rankings are fitted to.

    Attributes:
        catalogs: The catalogs.
        heads: By family, the head that was fitted on all the others.
        judged: By catalog, its candidates as that head makes them.
    """

    catalogs: Sequence[ReadCatalog]
    heads: Mapping[str, QueryHead]
    judged: Mapping[str, Judged]


def prepared(catalogs: Sequence[ReadCatalog]) -> Prepared:
    """Fit the heads, and measure the candidates of all requests."""
    families = dict.fromkeys(read.catalog.family for read in catalogs)
    heads = {family: _head([one for one in catalogs if one.catalog.family != family]) for family in families}
    return Prepared(catalogs, heads, _judged(catalogs, heads))


def fits_without_each(found: Prepared) -> dict[str, Fit]:
    """By family, what is fitted on all the others."""
    return {
        family: Fit(
            head,
            _rankings(
                [found.judged[one.dataset.name] for one in found.catalogs if one.catalog.family != family]
            ),
        )
        for family, head in found.heads.items()
    }


def fit_confidences(
    catalogs: Sequence[ReadCatalog], left_out: Mapping[str, Fit]
) -> tuple[dict[PipelineName, dict[str, Any]], dict[PipelineName, dict[str, float]]]:
    """What ships as confidence, and how it held on families left out, by pipeline.

    Args:
        catalogs: The catalogs.
        left_out: What ranks each family: fitted without it.
    """
    written: dict[PipelineName, dict[str, Any]] = {}
    held: dict[PipelineName, dict[str, float]] = {}
    for name in FORMS:
        families: dict[str, list[AskedOnce]] = {}
        for read in catalogs:
            others = _requests_of_others(catalogs, read.catalog.family)
            asked = asked_in_many_ways(read, others, _ranker(name, left_out[read.catalog.family]))
            families.setdefault(read.catalog.family, []).extend(asked)
        written[name], held[name] = fitted_confidence(list(families.values()))
    return written, held


def _requests_of_others(catalogs: Sequence[ReadCatalog], family: str) -> list[str]:
    others = [read for read in catalogs if read.catalog.family != family]
    return [text for read in others for text in [*read.dataset.queries.values()][:_MOST_FROM_EACH]]


def _ranker(name: PipelineName, fit: Fit) -> Callable[[Ingredients], Ranker]:
    head = fit.head if name == "default" else None
    return lambda made_of: rank_stages(PIPELINES[name], made_of, learned=fit.rankings[name], head=head)


def fit_on_all(found: Prepared) -> Fit:
    """What ships. The ranking is fitted to features of heads that had not seen the catalog."""
    return Fit(_head(found.catalogs), _rankings(list(found.judged.values())))


def fit_enhancements(
    catalogs: Sequence[ReadCatalog], fit: Fit, left_out: Mapping[str, Fit]
) -> tuple[dict[PipelineName, LinearRanking], dict[PipelineName, dict[str, str]]]:
    """The rankings with what enhancements add to them, and Recall@5 of enhanced catalogs without and with it.

    Args:
        catalogs: The catalogs; those that nothing was written of have no part.
        fit: What ships.
        left_out: What was fitted without each family: its heads make the features, and what is reported of a
            family is fitted without it.
    """
    enhanced = [read for read in catalogs if read.enhanced is not None]
    written: dict[PipelineName, LinearRanking] = {}
    held: dict[PipelineName, dict[str, str]] = {}
    for name, ranking in fit.rankings.items():
        judged = {
            read.catalog: read.judged_enhanced(
                PIPELINES[name], left_out[read.catalog.family].head if name == "default" else None
            )
            for read in enhanced
        }
        written[name] = fit_enhanced(ranking, [own for kinds in judged.values() for own in kinds.values()])
        held[name] = {}
        for catalog, kinds in judged.items():
            plain = left_out[catalog.family].rankings[name]
            others = [
                own
                for other, theirs in judged.items()
                for own in theirs.values()
                if other.family != catalog.family
            ]
            moved = fit_enhanced(plain, others) if others else plain
            held[name] |= {
                f"{catalog.name}, {kind}": f"{recall_at_5(plain, own):.4f} -> {recall_at_5(moved, own):.4f}"
                for kind, own in kinds.items()
            }
    return written, held


def _head(catalogs: Sequence[ReadCatalog]) -> QueryHead:
    return fit_head([read.pairs for read in catalogs])


def _judged(catalogs: Sequence[ReadCatalog], heads: Mapping[str, QueryHead]) -> dict[str, Judged]:
    return {
        read.dataset.name: {
            name: read.judged(PIPELINES[name], heads[read.catalog.family] if name == "default" else None)
            for name in FORMS
        }
        for read in catalogs
    }


def _rankings(judged: Sequence[Judged]) -> dict[PipelineName, LinearRanking]:
    return {name: fit_ranking([one[name] for one in judged], form) for name, form in FORMS.items()}
