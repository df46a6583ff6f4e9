"""Tuning: what gains on queries that were held back serves, what does not does not."""

from dataclasses import replace

import numpy as np
import pytest

from toolshed.errors import ConfigurationError, InvalidQueryError
from toolshed.knowledge_base.tuned import TunedState
from toolshed.pipelines import shipped_digest
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.tuning.judged import JudgedQuery
from toolshed.tuning.searches import JudgedSearch
from toolshed.tuning.tuning import _z, tune
from toolshed.tuning.weights import confidence_losses, fit_confidence

THINGS = ["mail", "letter", "parcel", "song", "film", "table", "hotel", "doctor", "road", "lamp"]


def judged(wanted: str) -> list[JudgedQuery]:
    """Requests for things of which each has two tools: one has it in its name, one in its description."""
    return [
        JudgedQuery(text.format(thing), frozenset({f"shop:{wanted}_{thing if wanted == 'open' else at}"}))
        for at, thing in enumerate(THINGS)
        for text in ("a {}", "the {} please", "show my {}")
    ]


@pytest.fixture(scope="module")
def shed() -> Toolshed:
    opened = Toolshed("memory:", pipeline="instant")
    for at, thing in enumerate(THINGS):
        tools = (
            make_tool(f"open_{thing}", "Opens it."),
            make_tool(f"unit_{at}", f"Handles the {thing} of a user."),
        )
        opened.add_tools(*tools, source_name="shop")
    return opened


def ranking(shed: Toolshed) -> list[tuple[str, float]]:
    found = shed.search("my parcel", 20, abstain_below=0).tools
    return [(one.tool.name, one.score) for one in found]


def test_what_gains_serves_until_it_is_reset(shed: Toolshed) -> None:
    before = ranking(shed)
    tuned = shed.tuning.tune(judged("unit"), pipeline="instant")
    assert tuned.n_queries == 30
    gained = [one for one in tuned.comparisons if one.gains]
    assert all(one.after > one.before for one in gained if one.measure == "ndcg@10")
    assert tuned.state is not None
    assert "weights" in tuned.state.changes
    after = dict(ranking(shed))
    lead = dict(before)["open_parcel"] - dict(before)["unit_2"]
    assert after["open_parcel"] - after["unit_2"] < lead
    assert shed.tuning.reset("instant")
    assert ranking(shed) == before
    assert not shed.tuning.reset("instant")


def test_what_is_ranked_right_already_stays_as_it_is(shed: Toolshed) -> None:
    tuned = shed.tuning.tune(judged("open"), pipeline="instant", parts=["weights", "head"])
    assert [one.gains for one in tuned.comparisons] == [False]
    assert tuned.state is None
    assert shed.tuning.states() == {}


def test_too_few_queries_are_refused(shed: Toolshed) -> None:
    with pytest.raises(ConfigurationError, match="at least 20"):
        shed.tuning.tune(judged("unit")[:19], pipeline="instant")
    with pytest.raises(ConfigurationError, match="is a baseline"):
        shed.tuning.tune(judged("unit"), pipeline="bm25")


def test_queries_that_cannot_be_held_back_or_read_are_refused(shed: Toolshed) -> None:
    same = [JudgedQuery("my parcel", frozenset({"shop:unit_2"}))] * 20
    with pytest.raises(ConfigurationError, match="all 20 judged queries are nearly the same"):
        shed.tuning.tune(same, pipeline="instant")
    with pytest.raises(InvalidQueryError, match="the query is empty"):
        shed.tuning.tune([*judged("unit"), JudgedQuery(" ", frozenset({"shop:unit_2"}))], pipeline="instant")


def test_what_was_not_asked_for_stays_as_it_serves(shed: Toolshed) -> None:
    serving = TunedState("instant", shipped_digest(), tool=(0.5, 1.5), request=(-0.5, 2.0))
    made_of = replace(shed.tools.made_of(), tuned={"instant": serving})
    state = tune("instant", made_of, judged("unit"), parts=["weights"]).state
    assert state is not None
    assert state.changes == ["weights", "confidence"]
    assert (state.tool, state.request) == (serving.tool, serving.request)
    tuned = replace(made_of, tuned={"instant": state})
    again = tune("instant", tuned, judged("unit"), parts=["confidence"]).state
    assert again is not None
    assert again.weights == state.weights


def test_a_confidence_that_says_too_little_is_raised() -> None:
    random = np.random.default_rng(0)
    searches = []
    for _ in range(200):
        true = random.normal(size=5)
        is_right = random.random(5) < 1 / (1 + np.exp(-true))
        searches.append(JudgedSearch(None, np.array([1]), (true - 2) / 2, is_right, 0.0))
    tool, request = fit_confidence(searches)
    # Towards (2, 2), what ships counting as much as a few queries.
    assert tool[0] > 0.8
    assert 1.1 < tool[1] < 2.2
    same = ((0.0, 1.0), (0.0, 1.0))
    assert confidence_losses(searches, tool, request).mean() < confidence_losses(searches, *same).mean()


def test_a_gain_that_is_the_same_everywhere_has_no_error() -> None:
    assert _z(np.zeros(5)) == 0
