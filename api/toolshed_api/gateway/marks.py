"""Which tools a hidden search loaded, carried in the ids of the calls that follow it.

Clients send the ids of calls back as they got them, in every dialect. What was loaded before a call is so
known from the conversation alone, by any replica, and nothing has to be kept for it.
"""

from collections.abc import Sequence

_MARK = ".ts."
# Ids stay short enough to be read in a log.
_MAX_NAMES = 12


def marked(call_id: str, names: Sequence[str]) -> str:
    """The id of a call before which these tools were loaded."""
    return call_id + _MARK + ".".join(names[:_MAX_NAMES]) if names else call_id


def plain(call_id: str) -> str:
    """The id as the upstream gave it."""
    return call_id.partition(_MARK)[0]


def names_in(call_id: str) -> list[str]:
    """The tools that were loaded before a call."""
    return [name for name in call_id.partition(_MARK)[2].split(".")[:_MAX_NAMES] if name]
