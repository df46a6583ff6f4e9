"""Learning curves: what is measured is in no history, and history helps."""

from toolshed.catalog.json_shapes import parse_tools
from toolshed.indexing.tools import unwatched
from toolshed_evals.datasets import Dataset
from toolshed_evals.false_reports import false_reports
from toolshed_evals.learning_curve import learning_curve

THINGS = ("laptop", "computer", "printer", "notebook", "screen", "tablet", "router", "phone")
TROUBLES = ("is broken", "does not start", "stopped working", "shows an error", "makes a noise")
NAMES = ("orbit_desk", "send_mail", "send_letter", "play_song", "play_film", "book_table", "book_flight")


def dataset() -> Dataset:
    tools = [{"name": name, "description": f"{name.replace('_', ' ')}."} for name in NAMES]
    queries = {
        f"q{n}": f"my {thing} {trouble}"
        for n, (thing, trouble) in enumerate((a, b) for a in THINGS for b in TROUBLES)
    }
    return Dataset(
        "troubles",
        parse_tools(tools, source="data"),
        queries,
        dict.fromkeys(queries, frozenset({"orbit_desk"})),
    )


def test_history_helps_and_never_holds_what_is_measured() -> None:
    data = dataset()
    none, some = learning_curve(data, data, [0, 20], pipeline="instant", limit=50, tick=unwatched)
    assert none.n_examples == 0
    assert 0 < some.n_examples <= 20
    assert none.n_queries == some.n_queries < len(data.queries)
    assert some.metrics["ndcg@5"] > none.metrics["ndcg@5"]
    assert none.n_far == none.n_queries


def test_reports_of_a_liar_are_not_believed() -> None:
    found = false_reports(
        dataset(), 40, share=0.3, wrong="any", reporter="own", limit=5, tick=unwatched, pipeline="instant"
    )
    assert found.n_false == round(0.3 * found.n_reports) > 5
    assert found.n_believed < found.n_false / 4
    assert found.true.n_examples == found.n_reports - found.n_false
    assert found.both.metrics["ndcg@5"] >= found.none.metrics["ndcg@5"]
