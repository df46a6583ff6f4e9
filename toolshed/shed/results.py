"""What a search for tools found, and the forms it can be handed on in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from toolshed.economics.learning.task_classes import Difficulty, RetrievalFeatures, difficulty
from toolshed.post_retrieval import equip
from toolshed.rankings import FoundTool, WeighedSubQuery
from toolshed.types import ToolDefinition

if TYPE_CHECKING:
    from toolshed.shed.passage_library import FoundPassage

# Parts that have less of a say are no needs of their own.
_MIN_NEED_WEIGHT = 0.5


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        query: The text that was searched.
        tools: The chosen tools, best first; empty when nothing fits.
        confidence: Estimated probability that the best tool serves the query, 0 to 1.
        status: ``ok``, or ``no_match`` when nothing fits.
        parts: The parts the query was split into, with their say in the result.
        n_tools: Size of the catalog.
        n_below_floor: Tools among the best k that were left out for their low confidence.
        n_over_budget: Tools among the best k that did not fit the token budget.
        timings_ms: Milliseconds of each stage, and ``total``.
        pipeline: The stages and their settings, in words.
        passages: Governing passages, where they were asked for: in turn for every part that is a need.
    """

    query: str
    tools: Sequence[FoundTool]
    confidence: float
    status: Literal["ok", "no_match"]
    parts: Sequence[WeighedSubQuery]
    n_tools: int
    n_below_floor: int
    n_over_budget: int
    timings_ms: dict[str, float]
    pipeline: str
    passages: "Sequence[FoundPassage]" = ()

    @property
    def needs(self) -> "list[Need]":
        """What was asked for, part by part, with the tools and the passages for each."""
        texts = need_texts(self.query, self.parts)
        return [
            Need(
                text,
                [tool for tool in self.tools if _need_of(tool.part, texts) == text],
                [found for found in self.passages if found.part == text],
            )
            for text in texts
        ]

    @property
    def score(self) -> float | None:
        """Score of the best tool; None when nothing fits."""
        return self.tools[0].score if self.tools else None

    @property
    def definitions(self) -> list[ToolDefinition]:
        """The definitions of the tools, best first."""
        return [found.tool for found in self.tools]

    def to_openai(self) -> list[dict[str, Any]]:
        """The tools for OpenAI's chat completions."""
        return equip.to_openai(self.definitions)

    def to_anthropic(self) -> list[dict[str, Any]]:
        """The tools for Anthropic's messages."""
        return equip.to_anthropic(self.definitions)

    def to_mcp(self) -> list[dict[str, Any]]:
        """The tools as an MCP server lists them."""
        return equip.to_mcp(self.definitions)

    def to_langchain(self, call: Callable[[str, dict[str, Any]], Any]) -> list[Any]:
        """The tools for LangChain; ``call(tool_id, arguments)`` runs one."""
        return equip.to_langchain(self.definitions, call)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON, definitions included."""
        return {
            "query": self.query,
            "status": self.status,
            "confidence": round(self.confidence, 4),
            "tools": [_found_json(found, rank) for rank, found in enumerate(self.tools, start=1)],
            "parts": [{"text": p.text, "kind": p.kind, "weight": round(p.weight, 3)} for p in self.parts],
            "n_tools": self.n_tools,
            "n_below_floor": self.n_below_floor,
            "n_over_budget": self.n_over_budget,
            "timings_ms": {name: round(ms, 3) for name, ms in self.timings_ms.items()},
            "pipeline": self.pipeline,
            "passages": [found.to_json() for found in self.passages],
        }

    def explain(self) -> str:
        """Say for a human which part and which channel brought each tool in, and what was left out."""
        lines = [
            f"status      {self.status}, confidence {self.confidence:.2f}, {self.n_tools:,} tools searched"
        ]
        lines += [f"part        {p.weight:.2f}  {p.kind:<9} {p.text!r}" for p in self.parts if p.weight]
        for rank, found in enumerate(self.tools, start=1):
            channels = "  ".join(f"{name} {value:.3f}" for name, value in found.channels.items())
            lines.append(
                f"{rank:>2}. {found.tool.tool_id}  score {found.score:.3f}  confidence {found.confidence:.2f}"
            )
            lines.append(f"    for {found.part!r}: {channels}")
        for found_passage in self.passages:
            lines.append(f"passage     {found_passage.citation}  score {found_passage.score:.3f}")
            lines.append(f"    for {found_passage.part!r}")
        if self.n_below_floor:
            lines.append(f"left out    {self.n_below_floor} below the confidence floor")
        if self.n_over_budget:
            lines.append(f"left out    {self.n_over_budget} over the token budget")
        lines.append("timings     " + "  ".join(f"{k} {v:.2f} ms" for k, v in self.timings_ms.items()))
        lines.append(f"pipeline    {self.pipeline}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Need:
    """One thing a request asks for: the tools that do it and the text that governs it."""

    text: str
    tools: Sequence[FoundTool]
    passages: "Sequence[FoundPassage]"

    @property
    def features(self) -> RetrievalFeatures:
        """What retrieval says of how hard it is."""
        best = self.tools[0] if self.tools else None
        required = best.tool.parameters.get("required") if best else None
        return RetrievalFeatures(
            n_tools=len(self.tools),
            confidence=best.confidence if best else 0.0,
            n_required=len(required) if isinstance(required, list) else 0,
            n_words=len(self.text.split()),
        )

    @property
    def difficulty(self) -> Difficulty:
        """How hard it looks: a task class by which the cheap or the large backbone is learnt for it."""
        return difficulty(self.features)


def need_texts(query: str, parts: Sequence[WeighedSubQuery]) -> list[str]:
    """The parts that are needs of their own; the whole query where there are no such parts.

    A sentence with several needs stands for none itself; one with a single need stands for it.
    """
    parts = [part for part in parts if part.kind != "whole" and part.weight >= _MIN_NEED_WEIGHT]
    texts = list(dict.fromkeys(part.text for part in parts))
    inner = {text: [other for other in texts if other != text and other in text] for text in texts}
    covered = {other for within in inner.values() if len(within) == 1 for other in within}
    return [text for text in texts if len(inner[text]) < 2 and text not in covered] or [query]


def _need_of(part: str, texts: Sequence[str]) -> str:
    """The need that a part belongs to: itself, the one around or within it, or the first."""
    around = next((text for text in texts if part in text), None)
    return around or next((text for text in texts if text in part), texts[0])


def _found_json(found: FoundTool, rank: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "tool_id": found.tool.tool_id,
        "name": found.tool.name,
        "description": found.tool.description,
        "parameters": found.tool.parameters,
        "score": round(found.score, 5),
        "confidence": round(found.confidence, 4),
        "part": found.part,
        "channels": {name: round(value, 4) for name, value in found.channels.items()},
    }
