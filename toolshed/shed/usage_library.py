"""What a knowledge base learns from use: outcomes become examples, which serve once they gain."""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from toolshed.errors import ConfigurationError, InvalidRecordError, UnknownQueryError
from toolshed.intra_retrieval.usage import UsageIndex
from toolshed.intra_retrieval.usage_classes import Documents
from toolshed.intra_retrieval.usage_trial import Trial
from toolshed.knowledge_base.examples import ExampleStore, UsageExample
from toolshed.rankings import Selection
from toolshed.shed.digest_key import Digests
from toolshed.types import ToolDefinition
from toolshed.vectors import Vectors
from toolshed.visibility import Visibility

# Searches whose outcome may still be reported, in this process, and for how long.
_MAX_PENDING, _PENDING_SECONDS = 10_000, 24 * 3600
_MAX_TOOLS_USED, _MAX_REPORTER = 50, 200
MAX_EXAMPLES_OF_A_TOOL = 200
# Reports of nearly the same request and the same tool are one example.
_SAME = 0.98


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What a report came to.

    Attributes:
        n_new: Examples that were added.
        n_repeated: Examples that were there, and are now of today.
        n_dropped: Examples that were removed: of a failure, or the oldest of a tool that has many.
    """

    n_new: int = 0
    n_repeated: int = 0
    n_dropped: int = 0


@dataclass(frozen=True, slots=True)
class LearnReport:
    """What learning came to.

    Attributes:
        n_examples: Examples there are.
        n_serving: Examples that searches learn from now.
        n_unsupported: Examples left out, since neither the ranking nor what others reported speaks for them.
        n_distrusted: Reporters none of whose examples count, since most have no support.
        before: Mean reciprocal rank of held-back examples by what served before.
        after: The same by what would serve now.
        serves: Whether the new state serves: only where it beats the old one.
    """

    n_examples: int
    n_serving: int
    n_unsupported: int
    n_distrusted: int
    before: float
    after: float
    serves: bool


@dataclass(frozen=True, slots=True)
class PendingSearch:
    """A search whose outcome may be reported."""

    text: str
    vectors: Mapping[str, Vectors]
    ranked: Mapping[str, float]
    visible: Visibility
    until: float


class UsageLibrary:
    """The examples of a knowledge base. Thread-safe.

    Args:
        store: Opens where they are; called at first use.
        exists: Whether there may be any; until then nothing is opened to search.
        asks_again: Whether that costs so little that each search asks; otherwise once, and at a refresh.
        digests: Gives the digests of requests and reporters.
        tool: Gives a tool that may be found, or raises.
        documents: Gives vectors of the documents of all tools.
        version: Gives what is another when these may have changed.
        completed: Gives vectors of a request with those that the knowledge base keeps and its search had not.
        keeps_text: Whether requests are kept as text, beside their vectors and digests.
        elsewhere: Gives a search that another process answered, where several share the knowledge base.
        now: The time, in seconds since 1970.
    """

    def __init__(
        self,
        store: Callable[[], ExampleStore],
        *,
        exists: Callable[[], bool],
        digests: Callable[[], Digests],
        tool: Callable[[str, Visibility], ToolDefinition],
        documents: Documents,
        version: Callable[[], object],
        completed: Callable[[str, Mapping[str, Vectors]], Mapping[str, Vectors]],
        asks_again: bool = False,
        keeps_text: bool = False,
        elsewhere: Callable[[str], PendingSearch | None] = lambda _: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._open, self._exists, self._keyed = store, exists, digests
        # Whether there may be any, once that was asked.
        self._asks_again = asks_again
        self._may_exist: bool | None = None
        self._tool, self._documents, self._version, self._completed = tool, documents, version, completed
        self._keeps_text, self._elsewhere, self._now = keeps_text, elsewhere, now
        self._lock = threading.RLock()
        # Searches wait for neither of these while others report or learn.
        self._pending_lock, self._learn_lock = threading.Lock(), threading.Lock()
        self._store: ExampleStore | None = None
        self._known_digests: Digests | None = None
        self._pending: OrderedDict[str, PendingSearch] = OrderedDict()
        self._serving: tuple[int, UsageIndex] | None = None
        # Of a shared store, what was there at the last refresh.
        self._seen: int | None = None

    def remember(self, query_id: str, selection: Selection, visible: Visibility) -> None:
        """Remember a search until its outcome is reported; the oldest of many make room."""
        # Copies: a view would keep the rows of all needs.
        vectors = {name: rows[0].copy() for name, rows in selection.asked.encodings.vectors.items()}
        now = self._now()
        text = selection.asked.plan.query.text
        until = now + _PENDING_SECONDS
        with self._pending_lock:
            self._pending[query_id] = PendingSearch(text, vectors, selection.ranked, visible, until)
            while len(self._pending) > _MAX_PENDING or next(iter(self._pending.values())).until < now:
                self._pending.popitem(last=False)

    def report(
        self, query_id: str, tools_used: Sequence[str], *, passed: bool, reporter: str = ""
    ) -> UsageReport:
        """Report whether the tools that were used served a request.

        Args:
            query_id: Of the search (:attr:`SearchResult.query_id`), in this process, of the last day.
            tools_used: Ids of the tools, at most 50.
            passed: Whether they did. A failure takes back the reporter's own examples of these, not others'.
            reporter: Who says so: the name of a key. Its examples are judged by what others report.

        Raises:
            UnknownQueryError: If there is no such search any more.
            UnknownToolError: If a tool is not there, or was hidden from that search.
            InvalidRecordError: If there are too many tools, or the reporter's name is too long.
        """
        if len(tools_used) > _MAX_TOOLS_USED or len(reporter) > _MAX_REPORTER:
            raise InvalidRecordError(
                f"an outcome names at most {_MAX_TOOLS_USED} tools, and a reporter of at most "
                f"{_MAX_REPORTER} characters; {len(tools_used)} and {len(reporter)} were given"
            )
        pending = self.pending(query_id) or self._elsewhere(query_id)
        if pending is None or pending.until < self._now():
            raise UnknownQueryError(
                f"there is no search {query_id!r}: outcomes are reported within a day, to the process "
                "that searched. Search again and report the new query_id"
            )
        tool_ids = [self._tool(one, pending.visible).tool_id for one in dict.fromkeys(tools_used)]
        if passed and tool_ids:
            pending = replace(pending, vectors=self._completed(pending.text, pending.vectors))
        with self._lock:
            if not passed:
                return UsageReport(n_dropped=self._take_back(pending, tool_ids, reporter))
            reports = [self._add(pending, tool_id, reporter) for tool_id in tool_ids]
        return UsageReport(*(sum(one[at] for one in reports) for at in range(3)))

    def pending(self, query_id: str) -> PendingSearch | None:
        """A search that was answered here and whose outcome may be reported."""
        with self._pending_lock:
            return self._pending.get(query_id)

    def _add(self, pending: PendingSearch, tool_id: str, reporter: str) -> tuple[int, int, int]:
        store, now, who = self._opened(), int(self._now()), self._adopted(reporter)
        known = sorted(store.scan({"tool_id": [tool_id]}), key=lambda one: one.reported_at)
        example_ids = self._digests.of_example(pending.text, tool_id, reporter)
        same = [
            one
            for one in known
            if one.reporter == who and (one.example_id in example_ids or _is_same(one, pending.vectors))
        ]
        if same:
            store.upsert([replace(same[-1], reported_at=now)])
            return 0, 1, 0
        example = UsageExample(
            example_ids[0],
            tool_id,
            who,
            now,
            pending.vectors,
            pending.ranked,
            text=pending.text if self._keeps_text else "",
        )
        store.upsert([example])
        surplus = _surplus([*known, example])
        store.delete([one.example_id for one in surplus])
        return 1, 0, len(surplus)

    def _take_back(self, pending: PendingSearch, tool_ids: Sequence[str], reporter: str) -> int:
        if not tool_ids or not self._has_any():
            return 0
        store, own = self._opened(), {"tool_id": tool_ids, "reporter": self._digests.of_reporter(reporter)}
        same = [one.example_id for one in store.scan(own) if _is_same(one, pending.vectors)]
        store.delete(same)
        return len(same)

    def learn(self) -> LearnReport:
        """Judge what was reported, and let it serve where it beats what served before.

        Examples are held back in turn, near-duplicates together, and ranked by the rest. Searches and
        reports go on meanwhile. Where nothing can be judged, since there are no tools, nothing changes.
        """
        with self._learn_lock:
            with self._lock:
                examples = sorted(self._opened().scan(), key=lambda one: one.example_id)
            trial = Trial(examples, self._documents, self._now())
            kept = trial.supported()
            before, after = trial.compared(kept)
            serves = after > before
            n_serving = sum(one.serves for one in examples)
            if serves:
                serving = [one.example_id for one, serve in zip(examples, kept, strict=True) if serve]
                n_serving = self._let_serve(serving, {one.example_id for one in examples})
        return LearnReport(
            len(examples), n_serving, trial.n_unsupported, trial.n_distrusted, before, after, serves
        )

    def _let_serve(self, serving: Collection[str], judged: Collection[str]) -> int:
        """Let these of the judged examples serve; says how many of them are still there."""
        serving = set(serving)
        with self._lock:
            store = self._opened()
            # As they are now: what was forgotten meanwhile must not come back.
            there = [one for one in store.scan() if one.example_id in judged]
            store.upsert(
                [
                    replace(one, serves=not one.serves)
                    for one in there
                    if one.serves != (one.example_id in serving)
                ]
            )
        return sum(one.example_id in serving for one in there)

    def forget(
        self,
        *,
        reporter: str | None = None,
        tool_id: str | None = None,
        before: float | None = None,
        everything: bool = False,
    ) -> int:
        """Remove examples at once and for good; returns how many there were.

        Args:
            reporter: Those that it reported.
            tool_id: Those of this tool.
            before: Those that were last reported before, in seconds since 1970.
            everything: All of them, and what searches may still report. Of several conditions all must hold.

        Raises:
            ConfigurationError: If nothing is said of what to forget.
        """
        if not everything and reporter is None and tool_id is None and before is None:
            raise ConfigurationError("say what to forget: a reporter, a tool, a time, or everything")
        if everything:
            with self._pending_lock:
                self._pending.clear()
        with self._lock:
            if not self._has_any():
                return 0
            store = self._opened()
            only = {} if tool_id is None else {"tool_id": [tool_id]}
            if reporter is not None:
                only["reporter"] = self._digests.of_reporter(reporter)
            gone = [
                one.example_id
                for one in store.scan(only or None)
                if before is None or one.reported_at < before
            ]
            store.delete(gone)
            return len(gone)

    def examples(self) -> list[UsageExample]:
        """All examples, serving or not."""
        with self._lock:
            return list(self._opened().scan()) if self._has_any() else []

    def keep(self, examples: Sequence[UsageExample]) -> None:
        """Write examples as they are, such as those of a log that is trusted."""
        with self._lock:
            self._opened().upsert(examples)

    def damages(self) -> list[str]:
        """What is wrong with each example that is not as it was written."""
        with self._lock:
            return list(self._opened().check()) if self._has_any() else []

    def serving(self) -> UsageIndex | None:
        """What searches learn from; None where there is nothing."""
        if not self._has_any():
            return None
        with self._lock:
            store = self._opened()
            if self._serving is None or self._serving[0] != store.revision:
                self._serving = self._read(store)
            return self._serving[1]

    def _read(self, store: ExampleStore) -> tuple[int, UsageIndex]:
        revision = store.revision
        examples = sorted((one for one in store.scan() if one.serves), key=lambda one: one.example_id)
        before = None if self._serving is None else self._serving[1]
        now, documents = self._now(), self._documents
        return revision, UsageIndex(examples, now, documents=documents, version=self._version, before=before)

    def refresh(self) -> bool:
        """See what other processes wrote to a shared store; says whether that is another state.

        Searches go on with what serves until the new state is read.
        """
        self._may_exist = None
        if not self._has_any():
            return False
        with self._lock:
            store = self._opened()
        seen = hash(frozenset(store.stored())) if store.is_shared else None
        if seen == self._seen:
            return False
        read = self._read(store)
        with self._lock:
            self._serving, self._seen = read, seen
        return True

    def _has_any(self) -> bool:
        """Whether there may be examples."""
        if self._store is not None:
            return True
        if self._asks_again or self._may_exist is None:
            self._may_exist = self._exists()
        return self._may_exist

    @property
    def store(self) -> ExampleStore:
        """Where the examples are."""
        with self._lock:
            return self._opened()

    def _opened(self) -> ExampleStore:
        if self._store is None:
            self._store = self._open()
        return self._store

    @property
    def _digests(self) -> Digests:
        if self._known_digests is None:
            self._known_digests = self._keyed()
        return self._known_digests

    def _adopted(self, reporter: str) -> str:
        """The digest of a reporter; what it reported under another key is written as its own.

        Otherwise its examples of before would vouch for those of now, as if they were another's.
        """
        now, *before = self._digests.of_reporter(reporter)
        if before:
            store = self._opened()
            store.upsert([replace(one, reporter=now) for one in store.scan({"reporter": before})])
        return now

    def close(self) -> None:
        """Release the store; calling it again does nothing."""
        with self._lock:
            if self._store is not None:
                self._store.close()


def _surplus(known: Sequence[UsageExample]) -> list[UsageExample]:
    """What makes room where a tool has too many: the oldest of whoever reported most of them.

    So nobody can push out what others reported.
    """
    rest, surplus = list(known), []
    while len(rest) > MAX_EXAMPLES_OF_A_TOOL:
        counts = Counter(one.reporter for one in rest)
        ((most, _),) = counts.most_common(1)
        surplus.append(next(one for one in rest if one.reporter == most))
        rest.remove(surplus[-1])
    return surplus


def _is_same(example: UsageExample, vectors: Mapping[str, Vectors]) -> bool:
    """Whether an example is of nearly the same request, by every encoder that both have."""
    both = [name for name in vectors if name in example.vectors]
    return all(float(np.dot(example.vectors[name], vectors[name])) >= _SAME for name in both)  # type: ignore[arg-type]  # dense vectors
