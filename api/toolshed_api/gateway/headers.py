"""What an answer says of itself: in its headers, and at the end of a stream."""

import json
from typing import TYPE_CHECKING

from toolshed_api.gateway.sse import comment

if TYPE_CHECKING:
    from toolshed_api.gateway.exchange import Exchange


def headers_of(exchange: "Exchange", *, is_whole: bool) -> dict[str, str]:
    """The headers of an answer; what it cost only where it is whole."""
    said = {"x-toolshed-task-id": exchange.attempts.task_id}
    if exchange.attempt is not None:
        said["x-toolshed-model"] = _ascii(exchange.attempt.model)
    if exchange.tools is not None:
        said["x-toolshed-tools"] = str(exchange.tools.n_loaded)
        said["x-toolshed-tool-tokens"] = str(exchange.tools.n_tokens)
        said["x-toolshed-tool-tokens-all"] = str(exchange.tools.n_tokens_all)
        said["x-toolshed-search-ms"] = f"{exchange.tools.search_ms:.2f}"
    if is_whole:
        said["x-toolshed-cost-usd"] = f"{exchange.attempts.spent_usd:f}"
    return said


def trailer(exchange: "Exchange") -> bytes:
    """The comment that ends a stream: what it cost, which its headers could not say."""
    told = {
        "cost_usd": f"{exchange.attempts.spent_usd:f}",
        "model": exchange.attempt.model if exchange.attempt else None,
        "task_id": exchange.attempts.task_id,
    }
    return comment(f"toolshed {json.dumps(told)}")


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
