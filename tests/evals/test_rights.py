from tests.stores import tool_records, tool_store
from toolshed.backbones.static import StaticEncoder
from toolshed.catalog.definitions import Catalog
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.pipelines import Ingredients
from toolshed.testing import HashingEncoder, make_tool
from toolshed_evals.datasets import Dataset
from toolshed_evals.rights import draw_callers, measure_rights

TOOLS = [
    make_tool(f"{verb}_{thing}", source="eval")
    for verb in ("send", "read")
    for thing in ("mail", "bill", "tax")
]
DATASET = Dataset(
    "tiny",
    Catalog("eval", TOOLS),
    {"q1": "send the mail", "q2": "read the tax"},
    {"q1": frozenset({"send_mail"}), "q2": frozenset({"read_tax"}), "q3": frozenset({"gone"})},
)


def test_callers_may_find_what_their_requests_need_and_as_many_tools_as_the_share_says() -> None:
    ids = [tool.tool_id for tool in TOOLS]
    callers = draw_callers(DATASET, ids, 8, share=0.5)
    assert callers == draw_callers(DATASET, ids, 8, share=0.5)
    assert [caller.query_id for caller in callers] == ["q1", "q2"] * 4
    for caller in callers:
        assert len(caller.visible.tool_ids) == 3
        assert {f"eval:{tool}" for tool in DATASET.qrels[caller.query_id]} <= caller.visible.tool_ids
    assert len({caller.visible for caller in callers}) > 4


def test_each_caller_is_compared_with_an_index_of_his_own() -> None:
    store = tool_store()
    store.upsert(tool_records(TOOLS))
    made_of = Ingredients(CatalogIndex(store), {"static": StaticEncoder(), "dense": HashingEncoder()})
    callers = draw_callers(DATASET, [tool.tool_id for tool in TOOLS], 6, share=0.5)
    for pipeline in ("default", "instant"):
        figures = measure_rights(made_of, pipeline, DATASET, callers).summary()
        assert figures["callers"] == 6
        assert figures["tools of each caller"] == 3
        assert figures["callers with another answer than in a private index (bar 0)"] == 0
        assert figures["Recall@5 of the callers"] == figures["Recall@5 in private indexes"] == 1
        assert figures["first search / search without rights (bar 1.3)"] > 0
