"""What was measured, in one JSON file that every command adds its part to, and as tables."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from toolshed.errors import ConfigurationError
from toolshed_evals.bench.cold import ColdFigures
from toolshed_evals.bench.indexing import IndexingFigures
from toolshed_evals.bench.peers import NOT_COMPARED, PeerFigures
from toolshed_evals.bench.speed import SpeedFigures
from toolshed_evals.scale import AtSize

# Any: figures as JSON, of another form for each part.
Part: TypeAlias = Mapping[str, Any]
_OURS = ("default", "instant")


def speed_part(found: SpeedFigures) -> Part:
    """The figures of speed, with their ratios."""
    return {**asdict(found), "ratios": found.ratios}


def peers_part(
    found: Mapping[str, PeerFigures],
    failed: Mapping[str, str],
    ours: Mapping[str, float],
    *,
    before: Part | None = None,
) -> Part:
    """The figures of peers, the recall of our pipelines, and why other peers have none.

    Args:
        found: What was measured.
        failed: Why others have no figures.
        ours: Recall@5 of our pipelines.
        before: An earlier part: what it says of still other peers stays.
    """
    figures = {**(before["peers"] if before else {}), **{name: asdict(one) for name, one in found.items()}}
    reasons = {**(before["failed"] if before else {}), **failed}
    return {
        "peers": {name: one for name, one in figures.items() if name not in failed},
        "ours": dict(ours),
        "failed": {name: reason for name, reason in reasons.items() if name not in found},
        "not_compared": dict(NOT_COMPARED),
    }


def sizes_part(found: Mapping[str, Sequence[AtSize]], load: float) -> Part:
    """The figures over sizes, by pipeline."""
    return {**{name: [asdict(one) for one in sizes] for name, sizes in found.items()}, "load": load}


def cold_part(found: ColdFigures) -> Part:
    """The figures of cold starts."""
    return asdict(found)


def indexing_part(found: IndexingFigures) -> Part:
    """The figures of indexing."""
    return asdict(found)


def read_results(file: Path) -> dict[str, Part]:
    """All parts of a file; none where it is not there yet.

    Raises:
        ConfigurationError: If it holds something else.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ConfigurationError(f"{str(file)!r} is no JSON ({error}); delete it, or name another") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{str(file)!r} holds no results of toolshed bench; name another file")
    return found


def record(file: Path, name: str, part: Part) -> None:
    """Put a part into a file of results in the place of an earlier one."""
    results = {**read_results(file), name: part}
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(file)


def tables(results: Mapping[str, Part]) -> str:
    """The results as Markdown."""
    made = {"speed": _speed, "peers": _peers, "sizes": _sizes, "cold": _cold, "indexing": _indexing}
    return "\n\n".join(make(results[name]) for name, make in made.items() if name in results)


def _speed(part: Part) -> str:
    rows = [(name, f"{value:.2f}") for name, value in part["ratios"].items()]
    return _table((f"p50 of CPU time, {part['n_queries']} queries, load {part['load']:.0f}", "ratio"), rows)


def _peers(part: Part) -> str:
    peers: Mapping[str, Part] = part["peers"]
    header = ("peer", "Recall@5", "CPU over `default`", "over `instant`", "queries", "load")
    rows = [
        (
            name,
            f"{one['recall']:.3f}",
            *(_ratio(one["p50_ms"] / one["ours_ms"][ours]) for ours in _OURS),
            str(one["n_queries"]),
            f"{one['load']:.0f}",
        )
        for name, one in sorted(peers.items(), key=lambda item: -item[1]["recall"])
    ]
    left_out = [f"- {name}: {reason}" for name, reason in {**part["failed"], **part["not_compared"]}.items()]
    return "\n".join([_table(header, rows), "", "Not compared:", *left_out])


def _sizes(part: Part) -> str:
    header = ("tools", "pipeline", "p50 over the first", "Recall@5", "bytes a tool", "of these private")
    rows = [
        (
            f"{one['n_tools']:,}",
            f"`{name}`",
            f"{one['p50_ms'] / part[name][0]['p50_ms']:.1f}",
            f"{one['recall']:.3f}",
            f"{one['n_bytes_more'] / one['n_tools']:,.0f}",
            f"{one['n_private_more'] / one['n_tools']:,.0f}",
        )
        for name in _OURS
        for one in part.get(name, ())
    ]
    return _table(header, rows)


def _cold(part: Part) -> str:
    floor = part["cpu_s"]["floor"]
    rows = [
        (f"`{name}`", f"{part['cpu_s'][name]:.2f}", f"{part['cpu_s'][name] / floor:.1f}") for name in _OURS
    ]
    return _table((f"cold search, load {part['load']:.0f}", "CPU s", "over an interpreter with numpy"), rows)


def _indexing(part: Part) -> str:
    rows = [
        (name, f"{part['new_ms'][name]:.2f}", f"{part['unchanged_ms'][name]:.3f}") for name in part["new_ms"]
    ]
    return _table((f"{part['n_tools']:,} tools, CPU ms a tool", "new", "unchanged"), rows)


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
