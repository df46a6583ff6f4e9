"""The options of the public verbs, each declared once: its type, default, bounds and help.

The Python verbs take them as keywords (``**options: Unpack[SearchArguments]``), so a type checker finds one
that is misspelt; the command line and the REST bodies are made from the same declarations, and
:func:`checked` holds every way in to the same bounds.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from annotated_types import Ge, GroupedMetadata, Le, MaxLen
from typing_extensions import TypedDict

from toolshed.dialogues import Dialogue
from toolshed.errors import ConfigurationError, InvalidQueryError

# Turns of a conversation that are taken with a search, and characters of each.
MAX_HISTORY, MAX_HISTORY_CHARACTERS = 1_000, 200_000
FilterValue = str | int | Sequence[str] | Sequence[int]
PipelineName = Literal["default", "instant", "hybrid", "dense", "bm25"]
# What thresholds were fitted for.
MaxRefused = Literal["0.3%", "1%"]
# What happens to a definition that changed in a way that could harm.
OnChange = Literal["accept", "quarantine"]
SegmenterName = Literal["legal", "legal:precise", "legal:strict", "nupunkt", "charboundary", "regex"]
# Which text is read where changes are tracked; "both" marks [-deleted-] and {+inserted+} words.
TrackedChanges = Literal["accepted", "original", "both"]
# Called with the number of items done and the number to do.
Progress = Callable[[int, int], None]
# A key or a token; for basic authentication of HTTP the name and the password.
Credential = str | tuple[str, str]
# By source, then by its security schemes; a single one serves every scheme of its source. Or a function of
# source and scheme.
Credentials = (
    Mapping[str, Credential | Mapping[str, Credential]]
    | Callable[[str, str], Credential | Awaitable[Credential | None] | None]
)
Arguments = TypeVar("Arguments")


@dataclass(frozen=True, slots=True)
class Option(GroupedMetadata):
    """What is said of an option beside its name and type.

    Attributes:
        default: Its value when it is not given.
        help: What it does, as a sentence.
        least: Smallest number allowed.
        most: Largest number allowed.
        flag: Its name on the command line, where that is not its own.
        is_for_python: Whether only Python can give it.
        most_items: Most values of a list.
    """

    default: Any
    help: str
    least: float | None = None
    most: float | None = None
    flag: str = ""
    is_for_python: bool = False
    most_items: int | None = None

    def __iter__(self) -> Iterator[object]:
        """The bounds and the description, in the words of annotated types and pydantic."""
        if self.least is not None:
            yield Ge(self.least)
        if self.most is not None:
            yield Le(self.most)
        if self.most_items is not None:
            yield MaxLen(self.most_items)
        yield _Described(self.help, self.default)


@dataclass(frozen=True, slots=True)
class _Described:
    help: str
    default: Any

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        # Any: pydantic's own types, which this module need not import.
        described = {**handler(schema), "description": self.help}
        return described if self.default is None else {**described, "default": self.default}


TopK = Annotated[int, Option(5, "Most results to return.", least=1, most=1000)]


class SearchArguments(TypedDict, total=False):
    """Options of a search for tools."""

    min_confidence: Annotated[float, Option(0.0, "Leave out tools below this confidence.", least=0, most=1)]
    abstain_below: Annotated[
        float | None,
        Option(
            None,
            "Return no tool when even the best is below this confidence; 0 never abstains. "
            "What max_refused says when not given.",
            least=0,
            most=1,
        ),
    ]
    max_refused: Annotated[
        MaxRefused,
        Option("0.3%", "Share of answerable requests one is ready to lose to answers that no tool fits."),
    ]
    max_tokens: Annotated[
        int | None,
        Option(
            None,
            "Token budget for the definitions together; long ones are shortened to fit it.",
            least=1,
            most=10**9,
        ),
    ]
    sources: Annotated[
        Sequence[str] | None, Option(None, "Search the tools of these sources only.", flag="--source")
    ]
    include_passages: Annotated[
        bool, Option(False, "Also find the legal passages that govern what is asked.", flag="--passages")
    ]
    passages_per_need: Annotated[int, Option(2, "Most passages for each need.", least=1, most=20)]
    with_dependencies: Annotated[
        bool,
        Option(
            False,
            "Bring along, behind the tools found, those that give what these need, such as an id; at most 5.",
        ),
    ]
    twins_once: Annotated[
        bool, Option(False, "Of tools that say nearly the same, only the best takes a place.")
    ]
    history: Annotated[
        Sequence[Annotated[str, MaxLen(MAX_HISTORY_CHARACTERS)]] | None,
        Option(
            None,
            "What the user said before, oldest first: a request that only goes on, such as 'and for "
            "Berlin?', is searched with the turn that it goes on from.",
            most_items=MAX_HISTORY,
        ),
    ]
    task_id: Annotated[str | None, Option(None, "The task in the ledger that the search is booked under.")]


class PassageArguments(TypedDict, total=False):
    """Options of a search for passages."""

    abstain_below: Annotated[
        float | None,
        Option(
            None,
            "Return no passage when the confidence that any answers is below this; 0 never abstains.",
            least=0,
            most=1,
        ),
    ]
    filters: Annotated[
        Mapping[str, FilterValue] | None,
        Option(
            None,
            "Values by field: document, source, section, cites, defines, page. Several values of a field "
            "are alternatives; all fields must match.",
            flag="--filter",
        ),
    ]
    neighbours: Annotated[
        int, Option(0, "Passages before and after each to return with it.", least=0, most=10)
    ]
    per_document: Annotated[
        int | None,
        Option(None, "Group by document, with this many passages of each.", least=1, most=1000),
    ]
    expand_terms: Annotated[
        bool, Option(True, "Search also by the definitions of terms that the query uses.")
    ]
    n_quotes: Annotated[int, Option(2, "Most sentences of each passage to quote.", least=0, most=20)]
    task_id: Annotated[str | None, Option(None, "The task in the ledger that the search is booked under.")]


class IndexArguments(TypedDict, total=False):
    """Options of indexing tools."""

    source_name: Annotated[
        str | None, Option(None, "What to call the source; only where there is one.", flag="--as")
    ]
    replace: Annotated[
        bool,
        Option(
            False,
            "Take over a source's name from the location it was indexed from before; its tools are updated.",
        ),
    ]
    timeout_seconds: Annotated[
        float | None,
        Option(
            None,
            "Longest wait for each MCP server, in seconds; 30 where its mcp.json does not say.",
            least=0.1,
            most=3600,
            flag="--timeout",
        ),
    ]
    enhancements: Annotated[
        str | None,
        Option(
            None,
            "File of enhancements: questions, topics and uses that a model or a person wrote of the tools "
            "(toolshed enhance).",
        ),
    ]
    strict: Annotated[bool, Option(False, "Index nothing when an entry is bad or a source cannot be read.")]
    on_change: Annotated[
        OnChange | None,
        Option(
            None,
            "Accept definitions whose destination, instructions, hints or schema changed, or quarantine them "
            "until somebody approves (toolshed quarantine); what its policy says when not given.",
        ),
    ]
    skip_invalid: Annotated[bool, Option(False, "Bad entries are expected: leaving them out is no failure.")]
    progress: Annotated[
        Progress | None,
        Option(None, "Called with the number of tools done and the number to do.", is_for_python=True),
    ]


class CallArguments(TypedDict, total=False):
    """Options of calling a tool."""

    timeout_seconds: Annotated[
        float,
        Option(60.0, "Longest wait for the answer, connecting included.", least=0.05, most=3600),
    ]
    max_characters: Annotated[
        int,
        Option(20_000, "Longer texts are cut, with a handle to read on.", least=1, most=10**7),
    ]
    credentials: Annotated[
        Credentials | None,
        Option(
            None,
            "Credentials by source and security scheme, before those the knowledge base was opened with.",
            is_for_python=True,
        ),
    ]
    server: Annotated[
        str | None,
        Option(None, "Address of the server, in the place of the one that an OpenAPI document names."),
    ]
    allow_private: Annotated[
        bool, Option(False, "Let an operation that a file describes go to a private address.")
    ]
    allow_commands: Annotated[
        bool,
        Option(
            False, "Start MCP servers by the commands that a Qdrant server, which others write to, names."
        ),
    ]
    dialogue: Annotated[
        Dialogue | None,
        Option(
            None,
            "How the caller is told of progress, and asks its user what a tool of an MCP server asks.",
            is_for_python=True,
        ),
    ]
    allow_plain_http: Annotated[
        bool, Option(False, "Send credentials without TLS, where the source's own server is so.")
    ]


class DocumentArguments(TypedDict, total=False):
    """Options of indexing legal documents."""

    glob: Annotated[
        str | None, Option(None, "Only files in folders whose name or path matches, such as '*.pdf'.")
    ]
    segmenter: Annotated[SegmenterName, Option("legal", "What finds the sentences.")]
    n_workers: Annotated[
        int, Option(1, "Processes that read and cut files.", least=1, most=64, is_for_python=True)
    ]
    tracked: Annotated[
        TrackedChanges,
        Option(
            "accepted",
            "Text of DOCX files with tracked changes: as if accepted, the original, or both, marked "
            "[-deleted-] and {+inserted+}.",
        ),
    ]
    ocr: Annotated[
        bool,
        Option(
            False,
            "Recognise the text of PDF pages that are pictures, by OCRmyPDF (extra 'ocr') and Tesseract.",
        ),
    ]
    max_megabytes: Annotated[int, Option(100, "Larger files are left out.", least=1, most=4096)]
    progress: Annotated[
        Progress | None,
        Option(None, "Called with the number of documents done and the number to do.", is_for_python=True),
    ]


@dataclass(frozen=True, slots=True)
class Declared:
    """An option as it was declared.

    Attributes:
        name: Its name.
        kind: Its type without None: a class, a ``Literal``, or the origin of a generic one.
        is_optional: Whether None is a value.
        option: What else is said of it.
    """

    name: str
    kind: Any
    is_optional: bool
    option: Option

    def refusal(self, value: object) -> str:
        """Why a value will not do; empty when it will."""
        if value is None:
            return "" if self.is_optional else f"{self.name} is None; leave it out for its default"
        if get_origin(self.kind) is Literal:
            choices = get_args(self.kind)
            return (
                ""
                if value in choices
                else f"unknown {self.name} {value!r}; choose one of {', '.join(choices)}"
            )
        if not _is_of(value, self.kind):
            return f"{self.name} is {value!r}; it takes {_NAMES.get(self.kind, self.kind)}"
        most_items = self.option.most_items
        if most_items is not None and isinstance(value, Sequence) and len(value) > most_items:
            return f"{self.name} has {len(value):,} values; at most {most_items:,} are taken"
        least, most = self.option.least, self.option.most
        if least is not None and most is not None and not least <= float(value) <= most:  # type: ignore[arg-type]  # a number
            return f"{self.name} is {value}; it lies between {least:,} and {most:,}"
        return ""


_NAMES: Mapping[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "text",
    Sequence: "a list",
    Mapping: "a mapping",
}


def _is_of(value: object, kind: Any) -> bool:
    if kind is Sequence:
        return not isinstance(value, str) and hasattr(value, "__iter__")
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int | float)
    return not isinstance(kind, type) or isinstance(value, kind)


@lru_cache(maxsize=64)
def declared_options(arguments: Any) -> tuple[Declared, ...]:
    """The options of a ``...Arguments`` class, in their order."""
    # Any: a class of the kind TypedDict has no type of its own.
    hints = get_type_hints(arguments, include_extras=True)
    return tuple(_declared(name, hint) for name, hint in hints.items())


def _declared(name: str, hint: Any) -> Declared:
    kind, option = get_args(hint)
    members = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    given = [member for member in members if member is not NoneType]
    only = given[0] if len(given) == 1 else object
    origin = get_origin(only)
    return Declared(name, only if origin in (None, Literal) else origin, NoneType in members, option)


def checked(arguments: type[Arguments], given: Mapping[str, Any], *, k: int | None = None) -> Arguments:
    """The options with their defaults where they were not given.

    Raises:
        ConfigurationError: If there is no option of a name.
        InvalidQueryError: If a value is of another type or out of bounds; also ``k``.
    """
    options = {one.name: one for one in declared_options(cast(Any, arguments))}
    for name in given:
        if name not in options:
            raise ConfigurationError(f"unknown option {name!r}; choose one of {', '.join(options)}")
    tests = [(options[name], value) for name, value in given.items()]
    if k is not None:
        tests.append((_declared("k", TopK), k))
    for one, value in tests:
        refusal = one.refusal(value)
        if refusal:
            raise InvalidQueryError(refusal)
    # A TypedDict is a dict, which a type checker does not see from the outside.
    return cast(Arguments, {name: given.get(name, one.option.default) for name, one in options.items()})
