"""Follow-ups made by rule: what they are, and that history helps them and harms no others."""

from toolshed.catalog.json_shapes import parse_tools
from toolshed.indexing.tools import unwatched
from toolshed_evals.datasets import Dataset
from toolshed_evals.follow_ups import going_on, measure_follow_ups, standing_alone

TOWNS = ("Porto", "Oslo", "Graz", "Leeds", "Osaka")


def dataset() -> Dataset:
    tools = [
        {"name": "forecast", "description": "Weather forecast of a town."},
        {"name": "find_flat", "description": "Find flats to rent."},
        *({"name": f"other_{n}", "description": f"Internal step number {n}."} for n in range(8)),
    ]
    queries = {f"w{n}": f"What is the weather forecast in {town}?" for n, town in enumerate(TOWNS)}
    queries |= {f"f{n}": f"Find flats to rent in {town}" for n, town in enumerate(TOWNS)}
    qrels = {query: frozenset({"forecast" if query[0] == "w" else "find_flat"}) for query in queries}
    return Dataset("towns", parse_tools(tools, source="data"), queries, qrels)


def test_a_follow_up_names_another_place_and_needs_the_same_tool() -> None:
    data = dataset()
    turns = going_on(data)
    assert len(turns) == len(data.queries)
    by_text = {text: data.qrels[query] for query, text in data.queries.items()}
    for turn in turns:
        assert turn.tools == by_text[turn.before]
        assert any(town in turn.text and town not in turn.before for town in TOWNS)
    for alone in standing_alone(data):
        assert alone.tools == by_text[alone.text] != by_text[alone.before]


def test_history_helps_what_goes_on_and_changes_nothing_else() -> None:
    on, alone = measure_follow_ups(dataset(), pipeline="instant", limit=10, tick=unwatched)
    assert on.with_history["recall@1"] > on.without["recall@1"]
    assert on.with_history["recall@5"] == 1
    assert (alone.n_changed, alone.without) == (0, alone.with_history)
