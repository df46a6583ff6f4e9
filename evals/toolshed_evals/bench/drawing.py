"""The plots of a file of results."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

from toolshed_evals.bench.results import Part
from toolshed_evals.plots import pyplot, save

_BLUE, _ORANGE, _GREY = "#0072b2", "#e69f00", "#666666"
_OURS = {"default": _BLUE, "instant": _ORANGE}


def plot_peers(results: Mapping[str, Part], out: Path) -> Path:
    """Recall@5 over the CPU time of a search, that of ``default`` in the same rounds being one."""
    peers: Mapping[str, Part] = results["peers"]["peers"]
    points = {
        name: (one["p50_ms"] / one["ours_ms"]["default"], one["recall"], _GREY) for name, one in peers.items()
    }
    ours = results["peers"]["ours"]
    for name, color in _OURS.items():
        ratio = median(one["ours_ms"][name] / one["ours_ms"]["default"] for one in peers.values())
        points[name] = (ratio, ours[name], color)
    figure, axis = pyplot().subplots(figsize=(6.8, 4.2), layout="constrained")
    for name, (ratio, recall, color) in points.items():
        axis.scatter([ratio], [recall], color=color, s=60 if name in _OURS else 30, zorder=3)
        axis.annotate(name, (ratio, recall), textcoords="offset points", xytext=(6, 4), fontsize=8)
    axis.set(
        xscale="log", xlabel="CPU time of a search over that of default", ylabel="Recall@5", ylim=(0, 1.03)
    )
    axis.margins(x=0.15)
    axis.grid(alpha=0.3)
    return save(figure, out / "bench-peers.png")


def plot_sizes(results: Mapping[str, Part], out: Path) -> Path:
    """CPU time of a search over that at the first size, and memory a tool, over the size of the catalog."""
    sizes = results["sizes"]
    figure, (time, memory) = pyplot().subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    for name, color in _OURS.items():
        measured = sizes.get(name, [])
        n_tools = [one["n_tools"] for one in measured]
        ratios = [one["p50_ms"] / measured[0]["p50_ms"] for one in measured]
        time.plot(n_tools, ratios, color=color, marker="o", label=name)
        per_tool = [one["n_bytes_more"] / one["n_tools"] / 1_000 for one in measured]
        memory.plot(n_tools, per_tool, color=color, marker="o", label=name)
    time.set(xscale="log", yscale="log", xlabel="tools", ylabel="CPU time of a search, over the first")
    memory.set(xscale="log", xlabel="tools", ylabel="resident KB a tool", ylim=(0, None))
    for axis in (time, memory):
        axis.grid(alpha=0.3)
        axis.legend()
    return save(figure, out / "bench-sizes.png")
