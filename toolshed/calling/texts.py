"""Values as the text that a model reads."""

import json
from typing import Any


def json_text(value: Any) -> str:
    """A JSON value as text."""
    # Any: a JSON value.
    return json.dumps(value, ensure_ascii=False, default=str)
