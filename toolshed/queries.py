"""What is asked for, on its way through the pipeline: a query, its sub-queries, their encodings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from toolshed.errors import InvalidQueryError
from toolshed.half_characters import without_half_characters
from toolshed.options import SearchArguments, checked
from toolshed.vectors import QueryWords, Vectors
from toolshed.visibility import EVERYTHING, Visibility

SubQueryKind = Literal["whole", "sentence", "clause", "negated"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    Attributes:
        text: The agent's request; behind the turn that it goes on from, where it does.
        k: Most tools to return.
        options: What else was asked, complete; see :class:`~toolshed.options.SearchArguments`.
        visible: The tools that who asks may find.
        turns: What the user said before, and the request as he said it last; none without a history.
    """

    text: str
    k: int = 5
    options: SearchArguments = field(default_factory=lambda: checked(SearchArguments, {}))
    visible: Visibility = EVERYTHING
    turns: tuple[str, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether the request was found to go on from an earlier turn."""
        return bool(self.turns) and self.text != self.turns[-1]


# Of long texts only the request in them is encoded; beyond this nobody means a request.
MAX_QUERY_CHARACTERS = 200_000
# Questions to passages are encoded whole.
MAX_QUESTION_CHARACTERS = 20_000


def checked_text(text: str, *, most: int = MAX_QUERY_CHARACTERS) -> str:
    """The text of a query as encoders can read it.

    Args:
        text: The query.
        most: Most characters.

    Raises:
        InvalidQueryError: If it is empty or too long.
    """
    if not text.strip():
        raise InvalidQueryError("the query is empty; say what is wanted")
    if len(text) > most:
        raise InvalidQueryError(
            f"the query has {len(text):,} characters; at most {most:,} are searched. "
            "Send the request itself, not the documents it is about"
        )
    return without_half_characters(text)


@dataclass(frozen=True, slots=True)
class SubQuery:
    """A span of the query that may ask for something of its own.

    Attributes:
        text: The span as it stands in the query.
        start: Offset of the first character in the query; -1 where a model wrote it, and it stands nowhere.
        end: Offset after the last character; -1 likewise.
        kind: The whole query, a sentence of it, a clause of a sentence, or what it says must not be done.
        sentence: Index of the sentence it belongs to; -1 for the whole query.
        opens_with_verb: Whether it begins as a request or a question does.
    """

    text: str
    start: int
    end: int
    kind: SubQueryKind
    sentence: int
    opens_with_verb: bool

    @property
    def is_written(self) -> bool:
        """Whether it is a text of its own and no span of the query."""
        return self.start < 0


def asked_text(sub_queries: Sequence[SubQuery]) -> str:
    """The whole query without what it says must not be done, in the same length: offsets stay."""
    text = sub_queries[0].text
    for one in sub_queries:
        if one.kind == "negated":
            text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return text


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query and what it is searched by; ``sub_queries[0]`` is the whole query."""

    query: Query
    sub_queries: Sequence[SubQuery]


@dataclass(frozen=True, slots=True)
class Encodings:
    """Sub-queries in every form that a channel compares with; row i belongs to sub-query i.

    Attributes:
        vectors: float32 ``[n_sub_queries, dimension]`` by the name of the encoder, ``static`` or ``dense``.
        words: The different words of each sub-query.
        meaning: float32 ``[dimension]`` of the whole query by the encoder for other languages than English;
            None of an English one, or without that encoder.
    """

    vectors: Mapping[str, Vectors]
    words: Sequence[QueryWords]
    meaning: Vectors | None = None

    def of(self, row: int, text: str) -> "EncodedText":
        """One sub-query by itself."""
        return EncodedText(text, {name: rows[row] for name, rows in self.vectors.items()}, self.words[row])


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text in every form that a channel compares with.

    Attributes:
        text: The text.
        vectors: float32 ``[dimension]`` by the name of the encoder.
        words: Its different words.
    """

    text: str
    vectors: Mapping[str, Vectors]
    words: QueryWords


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A plan with the encodings of its sub-queries."""

    plan: QueryPlan
    encodings: Encodings
