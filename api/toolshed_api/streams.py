"""Addresses whose answers may be streams: how long they may last, and how many at once."""

# Long enough for a user to answer a question, or for a host to listen; whoever is cut off asks again.
STREAM_SECONDS = 1_800.0
# Each is a connection that does little; they do not take the places of ordinary requests.
MAX_STREAMS = 1_000
STREAMED_PATHS = frozenset({"/mcp"})


def is_streamed(path: str) -> bool:
    """Whether the answer of an address may be a stream."""
    return path in STREAMED_PATHS
