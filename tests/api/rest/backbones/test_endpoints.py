"""The endpoint that selects backbones."""

import httpx
import pytest

from tests.api.serving import problem

STEP = {"task_class": "billing", "candidates": ["gpt-4o-mini", {"model": "gpt-4o"}], "failure_usd": 0.05}


def test_a_backbone_is_chosen_with_its_reasons(client: httpx.Client) -> None:
    answer = client.post("/v1/backbones/select", json=STEP).json()
    assert answer["model"] in ("gpt-4o-mini", "gpt-4o")
    assert {one["arm"] for one in answer["candidates"]} == {"gpt-4o-mini", "gpt-4o"}
    assert sum(one["probability"] for one in answer["candidates"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"failure_usd": None}, (422, "invalid_record")),
        ({"candidates": []}, (422, "invalid_request")),
        ({"candidates": ["no-such-model"]}, (404, "unknown_model")),
        ({"candidates": ["gpt-4o", "gpt-4o"]}, (409, "candidate_conflict")),
        (
            {"features": {"needs_tools": True}, "candidates": [{"model": "gpt-4o", "supports_tools": False}]},
            (409, "no_eligible_backbone"),
        ),
        ({"budget": {"limit_usd": 1e-9}}, (402, "budget_exceeded")),
        ({"incumbent": "other"}, (404, "unknown_model")),
    ],
    ids=str,
)
def test_steps_that_make_no_sense_or_cost_too_much_are_refused(
    client: httpx.Client, more: dict[str, object], expected: tuple[int, str]
) -> None:
    assert problem(client.post("/v1/backbones/select", json={**STEP, **more})) == expected
