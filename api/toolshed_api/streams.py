"""Addresses whose answers may be streams: how long they may last, how many at once, what they are asked."""

# Long enough for a user to answer a question, or for a host to listen; whoever is cut off asks again.
STREAM_SECONDS = 1_800.0
# Each is a connection that does little; they do not take the places of ordinary requests.
MAX_STREAMS = 1_000
# Conversations with models, whose upstreams have closer deadlines: see the gateway's configuration.
CONVERSATIONS = frozenset({"/v1/chat/completions", "/v1/responses", "/v1/messages"})
STREAMED_PATHS = frozenset({"/mcp"}) | CONVERSATIONS
# A long conversation with pictures, or the definitions of some thousand tools.
MAX_CONVERSATION_BYTES = 8 * 2**20


def is_streamed(path: str) -> bool:
    """Whether the answer of an address may be a stream."""
    return path in STREAMED_PATHS
