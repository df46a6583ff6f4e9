"""Threads that get in each other's way as much as they can."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def switching_at_every_turn() -> Iterator[None]:
    """Let the interpreter switch between threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def novel_words(n: int) -> list[str]:
    """Words that no cache knows, with endings that a stemmer works on."""
    draw = random.Random(0)
    stems = ("".join(draw.choices("abcdeilmnorstuy", k=draw.randint(3, 8))) for _ in range(n))
    endings = ["ing", "ations", "ed", "ies", "fulness", "ly", "ical", ""]
    return [stem + draw.choice(endings) for stem in stems]
