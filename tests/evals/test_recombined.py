from toolshed.backbones.static import StaticEncoder
from toolshed.pre_retrieval.embedding import embed_tools
from toolshed.testing import HashingEncoder, make_tool
from toolshed_evals.recombined import recombined

STATIC = StaticEncoder()
RECORDS = embed_tools(
    [
        make_tool(f"{verb}_{thing}", f"{verb} a {thing} now.")
        for verb in ("send", "read")
        for thing in ("tie", "sea")
    ],
    static=STATIC,
    dense=HashingEncoder(),
).records


def test_recombined_tools_have_two_parents_and_vectors_on_every_channel() -> None:
    (batch,) = recombined(RECORDS, 300, STATIC)
    assert len({record.tool_id for record in batch}) == 300
    names = {record.definition.name for record in batch}
    assert names <= {f"{verb}_{thing}" for verb in ("send", "read") for thing in ("tie", "sea")}
    for record in batch:
        assert {name: v.shape for name, v in record.vectors.items() if name == "dense"} == {"dense": (64,)}
        assert record.vectors.keys() == RECORDS[0].vectors.keys()


def test_equal_seeds_give_equal_tools_in_batches_of_a_bounded_size() -> None:
    first, second = (list(recombined(RECORDS, 1_200, STATIC, seed=seed)) for seed in (1, 1))
    assert [len(batch) for batch in first] == [512, 512, 176]
    assert [r.definition for batch in first for r in batch] == [
        r.definition for batch in second for r in batch
    ]
