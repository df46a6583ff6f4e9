"""What judged requests changed of the pipelines of a knowledge base."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from toolshed.errors import ConfigurationError
from toolshed.knowledge_base.tuned import TunedState, TunedStore
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients
from toolshed.presets import PIPELINES

if TYPE_CHECKING:
    from toolshed.tuning.judged import JudgedQuery
    from toolshed.tuning.tuning import Part, Tuning

_NOTHING: Mapping[str, TunedState] = {}


class TuningLibrary:
    """The tuned states of a knowledge base. Thread-safe.

    Args:
        store: Opens where they are; called at first use.
        exists: Whether there may be any; a server is asked once, and again at a refresh.
        made_of: Gives what the pipelines search.
    """

    def __init__(
        self,
        store: Callable[[], TunedStore],
        *,
        exists: Callable[[], bool],
        made_of: Callable[[], Ingredients],
    ) -> None:
        self._open, self._exists, self._made_of = store, exists, made_of
        self._lock = threading.RLock()
        self._store: TunedStore | None = None
        # What serves, once it was read.
        self._states: Mapping[str, TunedState] | None = None

    def states(self) -> Mapping[str, TunedState]:
        """What serves, by pipeline; the same object as long as nothing changed."""
        states = self._states
        if states is not None:
            return states
        with self._lock:
            if self._states is None:
                self._states = self._read()
            return self._states

    def _read(self) -> Mapping[str, TunedState]:
        if self._store is None and not self._exists():
            return _NOTHING
        return {state.pipeline: state for state in self._opened().scan()}

    def tune(
        self,
        queries: "Sequence[JudgedQuery]",
        *,
        pipeline: PipelineName = "default",
        parts: "Sequence[Part]" = ("weights", "head", "confidence"),
    ) -> "Tuning":
        """Tune a pipeline to judged queries, and let serve what gains on those held back.

        Args:
            queries: Judged queries, at least 20; see :func:`~toolshed.tuning.judged.read_judged`.
            pipeline: The pipeline.
            parts: What may be changed.

        Raises:
            ConfigurationError: If there are too few queries, or the pipeline is a baseline.
        """
        from toolshed.tuning.tuning import tune

        if not PIPELINES[pipeline].is_learned:
            raise ConfigurationError(f"the pipeline {pipeline!r} is a baseline; tune 'default' or 'instant'")
        found = tune(pipeline, self._made_of(), queries, parts=parts)
        if found.state is not None and any(one.gains for one in found.comparisons):
            with self._lock:
                self._opened().upsert([found.state])
                self._states = self._read()
        return found

    def reset(self, pipeline: PipelineName) -> bool:
        """Go back to what ships; says whether anything was tuned."""
        with self._lock:
            if pipeline not in self.states():
                return False
            self._opened().delete([pipeline])
            self._states = self._read()
        return True

    def refresh(self) -> bool:
        """See what other processes wrote to a shared store; says whether that is another state."""
        with self._lock:
            before, self._states = self._states, self._read()
            # The same object as long as nothing changed: pipelines are built anew for another.
            is_same = before is not None and _told(before) == _told(self._states)
            self._states = before if is_same else self._states
            return not is_same

    def damages(self) -> list[str]:
        """What is wrong with each state that is not as it was written."""
        with self._lock:
            return list(self._opened().check()) if self._store or self._exists() else []

    @property
    def store(self) -> TunedStore:
        """Where the states are."""
        with self._lock:
            return self._opened()

    def _opened(self) -> TunedStore:
        if self._store is None:
            self._store = self._open()
        return self._store

    def close(self) -> None:
        """Release the store; calling it again does nothing."""
        with self._lock:
            if self._store is not None:
                self._store.close()


def _told(states: Mapping[str, TunedState]) -> list[tuple[object, ...]]:
    """The states as what compares; heads are arrays."""

    def head(one: TunedState) -> bytes:
        return b"" if one.head is None else one.head.tobytes()

    return [
        (name, one.shipped, dict(one.weights), head(one), one.tool, one.request)
        for name, one in sorted(states.items())
    ]
