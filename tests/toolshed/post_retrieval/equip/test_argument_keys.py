import json

from toolshed.post_retrieval import equip
from toolshed.types import ToolDefinition


def test_what_depends_on_an_argument_that_nothing_else_says_is_named_legally_too() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "dependentSchemas": {"$ref": {}, "b": {}}}},
        "dependentRequired": {"$x": ["$y"]},
    }
    (tool,) = equip.to_langchain([ToolDefinition("t", "Does it.", schema)], print)
    text = json.dumps(tool.args_schema)
    assert '"$ref": {' not in text
    assert '"$x"' not in text
    assert '"$y"' not in text
