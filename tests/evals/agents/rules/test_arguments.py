"""Arguments by rule: what a request says goes where the schema wants it."""

from typing import Any

import pytest

from toolshed_evals.agents.rules.arguments import filled

TEXT = {"type": "string"}
FOUND = '{"event_id": 12, "title": "Dentist", "start": "2026-03-03T15:30"}'


@pytest.mark.parametrize(
    ("properties", "step", "results", "expected"),
    [
        pytest.param(
            {"to": TEXT, "subject": TEXT, "body": TEXT},
            'Email leo@example.com, subject "Kite", text "It flies."',
            [],
            {"to": "leo@example.com", "subject": "Kite", "body": "It flies."},
            id="mail",
        ),
        pytest.param(
            {"event_id": {"type": "integer"}, "start": TEXT},
            "reschedule it to 2026-03-06T08:30",
            [FOUND],
            {"event_id": 12, "start": "2026-03-06T08:30"},
            id="id-of-an-earlier-result",
        ),
        pytest.param(
            {"amount": {"type": "number"}, "people": {"type": "integer"}},
            "The bill is 138 and we are 4 people.",
            [],
            {"amount": 138.0, "people": 4},
            id="number-beside-its-name",
        ),
        pytest.param(
            {"title": TEXT, "severity": {"type": "string", "enum": ["low", "high"]}},
            'Report "It crashes", severity high.',
            [],
            {"title": "It crashes", "severity": "high"},
            id="choice",
        ),
        pytest.param(
            {"first_day": TEXT, "last_day": TEXT},
            "from 2026-04-06 to 2026-04-10",
            [],
            {"first_day": "2026-04-06", "last_day": "2026-04-10"},
            id="days-in-order",
        ),
        pytest.param(
            {"path": TEXT, "new_path": TEXT},
            "Copy drafts/a.txt to sent/b.txt",
            [],
            {"path": "drafts/a.txt", "new_path": "sent/b.txt"},
            id="paths",
        ),
        pytest.param({"city": TEXT}, "Is it warm?", [], {}, id="nothing-is-said"),
    ],
)
def test_values_are_taken_from_the_text(
    properties: dict[str, Any], step: str, results: list[str], expected: dict[str, Any]
) -> None:
    schema = {"type": "object", "properties": properties, "required": [*properties]}
    assert filled(schema, step, step, results) == expected
