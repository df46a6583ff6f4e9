"""A token budget for what a search hands on: who keeps the whole schema, who a short one, who stays out."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock

from toolshed.metering.token_counts import TokenCounter, token_counter
from toolshed.rankings import FoundTool
from toolshed.types import ToolDefinition

_MAX_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Budgeted:
    """What fits.

    Attributes:
        tools: The tools, in their order; those that were shortened know it.
        n_tokens: Tokens of all definitions together; None where there is no budget.
        counted_by: Who counted them.
    """

    tools: Sequence[FoundTool]
    n_tokens: int | None = None
    counted_by: str = ""


def within_budget(found: Sequence[FoundTool], max_tokens: int | None) -> Budgeted:
    """Fit tools into a budget without losing one that fits when it is short.

    In their order, tools keep their whole definition as long as the others keep at least their shortest.
    What is then left goes to those that have to be shortened, the first of them first. One whose shortest
    does not fit is passed over; a later one may still fit.
    """
    if max_tokens is None:
        return Budgeted(found)
    # What shortens definitions knows the providers; searches without a budget do without.
    from toolshed.post_retrieval.equip.shortening import n_tokens, shortened, whole

    counter = token_counter()
    sizes = [_size(one.tool, counter) for one in found]
    kept: list[int] = []
    for at, size in enumerate(sizes):
        if sum(sizes[other].least for other in kept) + size.least <= max_tokens:
            kept.append(at)
    whole_ones = _kept_whole([sizes[at] for at in kept], max_tokens)
    shown = {at: found[at] for at, is_whole in zip(kept, whole_ones, strict=True) if is_whole}
    waiting = [at for at in kept if at not in shown]
    spent = sum(sizes[at].whole for at in shown)
    # The last of n gets one part of what is left beyond the shortest of all, the first one n and the rest.
    left = max_tokens - spent - sum(sizes[at].least for at in waiting)
    for parts, at in enumerate(reversed(waiting), start=1):
        share = left * parts // sum(range(parts, len(waiting) + 1))
        cut = shortened(whole(found[at].tool), sizes[at].least + share, counter)
        n_used = n_tokens(cut, counter)
        left -= n_used - sizes[at].least
        spent += n_used
        shown[at] = replace(found[at], shortened=cut)
    return Budgeted([shown[at] for at in kept], spent, counter.name)


@dataclass(frozen=True, slots=True)
class _Size:
    whole: int
    least: int


def _kept_whole(sizes: Sequence[_Size], max_tokens: int) -> list[bool]:
    """Which tools keep their whole definition.

    Behind one that does not, only those do that take no more than an equal part of the budget.
    """
    left = max_tokens - sum(size.least for size in sizes)
    kept: list[bool] = []
    for size in sizes:
        more = size.whole - size.least
        is_modest = all(kept) or size.whole * len(sizes) <= max_tokens
        kept.append(more <= left and is_modest)
        left -= more if kept[-1] else 0
    return kept


class _Sizes:
    """Sizes of definitions, counted once: a definition of Kubernetes takes a tenth of a second."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, str, str], _Size] = OrderedDict()

    def of(self, tool: ToolDefinition, counter: TokenCounter) -> _Size:
        from toolshed.post_retrieval.equip.shortening import n_tokens, shortest, whole

        key = (tool.content_hash, tool.exported_name, counter.name)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        written = whole(tool)
        full = n_tokens(written, counter)
        least = n_tokens(shortest(written), counter)
        # Cutting a short definition and saying so makes it longer.
        size = _Size(full, min(full, least))
        with self._lock:
            self._known[key] = size
            if len(self._known) > _MAX_REMEMBERED:
                self._known.popitem(last=False)
        return size


_size = _Sizes().of
