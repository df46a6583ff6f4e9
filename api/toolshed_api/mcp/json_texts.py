"""JSON for models: as short as it can be said."""

import json
from typing import Any


def compact(value: Any) -> str:
    """A JSON value without white space. Any: a JSON value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
