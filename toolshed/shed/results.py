"""What searches found, and the forms it can be handed on in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from toolshed.catalog.json_values import parse_json
from toolshed.economics.learning.task_classes import Difficulty, RetrievalFeatures, difficulty
from toolshed.errors import ConfigurationError, InvalidArgumentsError, UnknownToolError
from toolshed.metering.runs import RunRecord
from toolshed.post_retrieval import equip
from toolshed.post_retrieval.instructions import fenced_instructions
from toolshed.post_retrieval.needs import need_of, need_texts
from toolshed.rankings import FoundPassage, FoundTool, SearchStatus, Selection, WeighedSubQuery
from toolshed.types import ToolDefinition

if TYPE_CHECKING:
    from toolshed.intra_retrieval.passage_search import UsedDefinition
    from toolshed.shed.passage_finding import Found


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        query: The text that was searched.
        tools: The chosen tools, best first; empty when nothing fits.
        confidence: Estimated probability that the best tool serves the query, 0 to 1.
        status: ``ok``; ``unsure`` when tools are returned that may well be wrong; ``no_match`` when nothing
            fits.
        sub_queries: What the query was split into, with the say of each in the result.
        n_tools: Size of the catalog.
        n_below_floor: Tools among the best k that were left out for their low confidence.
        n_over_budget: Tools among the best k that did not fit the token budget, however short.
        timings_ms: Milliseconds of each stage, and ``total``.
        pipeline: The stages and their settings, in words.
        passages: Governing passages, where they were asked for: in turn for every need.
        unbooked: Why calls are not in the ledger, where they should be.
        fallbacks: What was done without a model where one was to be asked, and why.
        notes: What else stages tell of what they did, such as why reflection stopped.
        n_tokens: Tokens of the definitions, where there was a budget for them.
        tokens_counted_by: Who counted them: ``tiktoken`` and a vocabulary, or ``estimate``.
        call: Calls a tool by its id, where the knowledge base that was searched can.
        answerable: Estimated probability that any of the first five tools serves the query.
        reason: Why the status is not ``ok``; empty where it is.
        query_id: What the outcome of the request is reported by (:meth:`ShedOutcomes.report`).
    """

    query: str
    tools: Sequence[FoundTool]
    confidence: float
    status: SearchStatus
    sub_queries: Sequence[WeighedSubQuery]
    n_tools: int
    n_below_floor: int
    n_over_budget: int
    timings_ms: dict[str, float]
    pipeline: str
    passages: Sequence[FoundPassage] = ()
    unbooked: Sequence[str] = ()
    fallbacks: Sequence[str] = ()
    notes: Sequence[str] = ()
    n_tokens: int | None = None
    tokens_counted_by: str = ""
    call: Callable[[str, Any], Any] | None = field(default=None, repr=False, compare=False)
    answerable: float = 0.0
    reason: str = ""
    query_id: str = ""

    @classmethod
    def of(cls, query: str, selection: Selection, run: RunRecord, *, pipeline: str) -> "SearchResult":
        """What a run of a pipeline came to."""
        timings = run.timings_ms
        return cls(
            query=query,
            tools=selection.tools,
            confidence=selection.confidence,
            status=selection.status,
            answerable=selection.answerable,
            reason=selection.reason,
            sub_queries=selection.sub_queries,
            n_tools=selection.n_tools,
            n_below_floor=selection.n_below_floor,
            n_over_budget=selection.n_over_budget,
            timings_ms={**timings, "total": sum(timings.values())},
            pipeline=pipeline,
            passages=selection.passages,
            unbooked=tuple(run.unbooked),
            fallbacks=tuple(run.fallbacks),
            notes=tuple(run.notes),
            n_tokens=selection.n_tokens,
            tokens_counted_by=selection.tokens_counted_by,
        )

    def calling(self, call: Callable[[str, Any], Any]) -> "SearchResult":
        """The same, with what calls a tool by its id."""
        return replace(self, call=call)

    @property
    def needs(self) -> "list[Need]":
        """What was asked for, need by need, with the tools and the passages for each."""
        texts = need_texts(self.query, self.sub_queries)
        return [
            Need(
                text,
                [tool for tool in self.tools if need_of(tool.sub_query, texts) == text],
                [found for found in self.passages if found.sub_query == text],
            )
            for text in texts
        ]

    @property
    def score(self) -> float | None:
        """Score of the best tool; None when nothing fits."""
        return self.tools[0].score if self.tools else None

    @property
    def n_shortened(self) -> int:
        """How many of the definitions were shortened to fit the token budget."""
        return sum(found.shortened is not None for found in self.tools)

    @property
    def definitions(self) -> list[ToolDefinition]:
        """The definitions of the tools, best first."""
        return [found.tool for found in self.tools]

    def tool_named(self, name: str) -> ToolDefinition:
        """The tool that an exported name stands for, as a model calls it.

        Raises:
            UnknownToolError: If none of the tools that were found is called so.
        """
        for tool_id, exported in self._exported_names().items():
            if exported == name:
                return next(tool for tool in self.definitions if tool.tool_id == tool_id)
        names = ", ".join(self._exported_names().values()) or "nothing was found"
        raise UnknownToolError(
            f"no tool of this result is called {name!r}; its names: {names}. "
            "shed.tool_named(name) looks in the whole knowledge base"
        )

    def arguments_of(self, name: str, arguments: Mapping[str, Any] | str) -> Any:
        """The arguments of a call as the tool takes them: by its own names, at every depth.

        Exports give other names to arguments that a provider refuses (``filter[state]``), so what a model
        answers goes through here before the tool is called; :meth:`to_langchain` does it by itself.

        Args:
            name: The exported name.
            arguments: The arguments that the model gave; OpenAI hands them on as the text of a JSON object.

        Returns:
            An object; for a tool whose arguments are none, what it takes.

        Raises:
            UnknownToolError: If none of the tools that were found is called so.
            InvalidArgumentsError: If the arguments are no JSON object.
        """
        tool = self.tool_named(name)
        return equip.original_arguments(tool, _given_arguments(name, arguments))

    @property
    def skills(self) -> list[FoundTool]:
        """The skills among what was found, best first: instructions, which no export of tools holds."""
        return [found for found in self.tools if found.tool.kind == "skill"]

    @property
    def instructions(self) -> str:
        """The instructions of the skills that were found, best first, each between tags that say whose.

        They are the words of their sources, not yours: tell the model so. The token budget of the search
        does not count them.
        """
        return "\n\n".join(fenced_instructions(found.tool) for found in self.skills)

    @property
    def _callable(self) -> list[FoundTool]:
        return [found for found in self.tools if found.tool.kind == "tool"]

    def _exported_names(self) -> dict[str, str]:
        return equip.provider_names([found.tool for found in self._callable])

    def to_openai(self) -> list[dict[str, Any]]:
        """The tools for OpenAI's chat completions."""
        return equip.to_openai(self._callable)

    def to_openai_responses(self) -> list[dict[str, Any]]:
        """The tools for OpenAI's responses."""
        return equip.to_openai_responses(self._callable)

    def to_anthropic(self) -> list[dict[str, Any]]:
        """The tools for Anthropic's messages."""
        return equip.to_anthropic(self._callable)

    def to_gemini(self) -> list[dict[str, Any]]:
        """The tools as function declarations for Gemini."""
        return equip.to_gemini(self._callable)

    def to_bedrock(self) -> list[dict[str, Any]]:
        """The tools for ``toolConfig={"tools": ...}`` of Amazon Bedrock's Converse."""
        return equip.to_bedrock(self._callable)

    def to_mcp(self) -> list[dict[str, Any]]:
        """The tools as an MCP server lists them."""
        return equip.to_mcp(self._callable)

    def to_langchain(self, call: Callable[[str, Any], Any] | None = None) -> list[Any]:
        """The tools for LangChain.

        Args:
            call: ``call(tool_id, arguments)`` runs one, and may be a coroutine function;
                :meth:`Toolshed.call` of the knowledge base that was searched when not given.

        Raises:
            ConfigurationError: If there is nothing to call with, or langchain-core is not installed.
        """
        call = call or self.call
        if call is None:
            raise ConfigurationError("this result has no knowledge base to call by; give call=shed.call")
        return equip.to_langchain(self._callable, call)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON, definitions included."""
        return {
            "query": self.query,
            "query_id": self.query_id,
            "status": self.status,
            "reason": self.reason,
            "confidence": round(self.confidence, 4),
            "answerable": round(self.answerable, 4),
            "tools": [found.to_json(rank) for rank, found in enumerate(self.tools, start=1)],
            "sub_queries": [
                {"text": one.text, "kind": one.kind, "weight": round(one.weight, 3)}
                for one in self.sub_queries
            ],
            "n_tools": self.n_tools,
            "n_below_floor": self.n_below_floor,
            "n_over_budget": self.n_over_budget,
            "n_shortened": self.n_shortened,
            "n_tokens": self.n_tokens,
            "tokens_counted_by": self.tokens_counted_by,
            "timings_ms": {name: round(ms, 3) for name, ms in self.timings_ms.items()},
            "pipeline": self.pipeline,
            "passages": [found.to_json() for found in self.passages],
            "unbooked": list(self.unbooked),
            "fallbacks": list(self.fallbacks),
            "notes": list(self.notes),
        }

    def explain(self) -> str:
        """Say for a human which sub-query and which channel brought each tool in, and what was left out."""
        lines = [
            f"status      {self.status}, confidence {self.confidence:.2f}, {self.n_tools:,} tools searched"
        ]
        if self.reason:
            lines.append(f"reason      {self.reason}")
        lines += [
            f"sub-query   {one.weight:.2f}  {one.kind:<9} {one.text!r}"
            for one in self.sub_queries
            if one.weight
        ]
        for rank, found in enumerate(self.tools, start=1):
            channels = "  ".join(f"{name} {value:.3f}" for name, value in found.channels.items())
            lines.append(
                f"{rank:>2}. {found.tool.tool_id}  score {found.score:.3f}  confidence {found.confidence:.2f}"
            )
            why = (
                f"needed by {found.needed_by}" if found.needed_by else f"for {found.sub_query!r}: {channels}"
            )
            lines.append(f"    {why}")
        for found_passage in self.passages:
            lines.append(f"passage     {found_passage.citation}  score {found_passage.score:.3f}")
            lines.append(f"    for {found_passage.sub_query!r}")
        if self.n_below_floor:
            lines.append(f"left out    {self.n_below_floor} below the confidence floor")
        if self.n_over_budget:
            lines.append(f"left out    {self.n_over_budget} over the token budget")
        if self.n_shortened:
            lines.append(f"shortened   {self.n_shortened} to fit the token budget")
        if self.n_tokens is not None:
            lines.append(f"tokens      {self.n_tokens:,} of definitions ({self.tokens_counted_by})")
        lines += [f"fallback    {reason}" for reason in self.fallbacks]
        lines += [f"note        {note}" for note in self.notes]
        lines.append("timings     " + "  ".join(f"{k} {v:.2f} ms" for k, v in self.timings_ms.items()))
        lines.append(f"pipeline    {self.pipeline}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Need:
    """One thing a request asks for: the tools that do it and the text that governs it."""

    text: str
    tools: Sequence[FoundTool]
    passages: Sequence[FoundPassage]

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


def _given_arguments(name: str, given: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """What a model gave, read where it is text; no text at all is no argument."""
    if isinstance(given, str):
        try:
            given = parse_json(given) if given.strip() else {}
        except ValueError as error:
            raise InvalidArgumentsError(f"the arguments for {name!r} are no JSON object: {error}") from error
    if not isinstance(given, Mapping):
        raise InvalidArgumentsError(
            f"the arguments for {name!r} are of type {type(given).__name__}; they must be a JSON object"
        )
    return given


@dataclass(frozen=True)
class PassageSearchResult:
    """What a search for passages found.

    Attributes:
        query: The text that was searched.
        passages: The passages, best first; grouped by document where that was asked for.
        definitions: Definitions of terms in the query that were searched with it.
        n_passages: Size of the library.
        confidence: Estimated probability that any of the passages answers, 0 to 1.
        status: ``ok``; ``unsure`` when the passages may well not answer; ``no_match`` when nothing in the
            documents does.
        reason: Why the status is not ``ok``; empty where it is.
        unbooked: Why calls are not in the ledger, where they should be.
    """

    query: str
    passages: Sequence[FoundPassage]
    definitions: Sequence["UsedDefinition"]
    n_passages: int
    confidence: float = 0.0
    status: SearchStatus = "ok"
    reason: str = ""
    unbooked: Sequence[str] = ()

    @classmethod
    def of(
        cls, query: str, found: "Found", n_passages: int, *, unsure_below: float, abstain_below: float
    ) -> "PassageSearchResult":
        """What a search came to: nothing at all where nothing answers."""
        if not found.passages or found.confidence < abstain_below:
            reason = "nothing in these documents answers this" if found.passages else "no passage was found"
            return cls(query, (), found.definitions, n_passages, found.confidence, "no_match", reason)
        is_sure = found.confidence >= unsure_below
        reason = "" if is_sure else "these passages are only near the question and may not answer it"
        status: SearchStatus = "ok" if is_sure else "unsure"
        return cls(query, found.passages, found.definitions, n_passages, found.confidence, status, reason)

    @property
    def by_document(self) -> dict[str, list[FoundPassage]]:
        """The passages by document, documents in the order of their best passage."""
        grouped: dict[str, list[FoundPassage]] = {}
        for found in self.passages:
            grouped.setdefault(found.passage.document_id, []).append(found)
        return grouped

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {
            "query": self.query,
            "status": self.status,
            "reason": self.reason,
            "confidence": round(self.confidence, 4),
            "passages": [{"rank": rank, **found.to_json()} for rank, found in enumerate(self.passages, 1)],
            "definitions": [
                {"term": used.term, "text": used.text, "document": used.document_id}
                for used in self.definitions
            ],
            "n_passages": self.n_passages,
            "unbooked": list(self.unbooked),
        }
