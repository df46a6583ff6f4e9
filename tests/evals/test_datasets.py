import json
from pathlib import Path

import pytest

from toolshed.errors import ConfigurationError, SourceError
from toolshed_evals.datasets import DATASETS, data_folder, is_dev, load_dataset


@pytest.mark.parametrize(
    ("name", "n_tools", "n_queries", "n_relevant"),
    [
        ("toole-single", 199, 20_550, 1),
        ("toole-multi", 199, 497, 2),
        ("sealtools-dev", 4_076, 700, 1),
        ("sealtools-test-in", 4_076, 700, 1),
        ("sealtools-test-out", 4_076, 654, 1),
    ],
)
def test_the_official_files_hold_what_was_published(
    name: str, n_tools: int, n_queries: int, n_relevant: int
) -> None:
    dataset = load_dataset(name)
    assert len(dataset.catalog.tools) == n_tools
    assert dataset.catalog.invalid == ()
    assert len(dataset.qrels) == n_queries
    assert min(map(len, dataset.qrels.values())) == n_relevant
    known = {tool.key or tool.name for tool in dataset.catalog.tools}
    assert all(tools <= known for tools in dataset.qrels.values())


def test_the_dev_fifth_is_fixed_and_disjoint_from_the_rest() -> None:
    dev = load_dataset("toole-single-dev")
    assert 0.19 < len(dev.queries) / 20_550 < 0.21
    assert all(is_dev(text) for text in dev.queries.values())
    assert is_dev("Weather In Lisbon") == is_dev("weather in lisbon")


@pytest.mark.skipif(
    not (data_folder() / "toole_awareness").is_dir(), reason="toolshed eval fetch has no such files"
)
def test_half_of_the_awareness_questions_are_served_by_no_tool() -> None:
    dev, test = (load_dataset(f"toole-awareness-{split}") for split in ("dev", "test"))
    assert len({*dev.queries, *test.queries}) == 1_040
    assert len(dev.qrels) + len(test.qrels) == 520


def test_loading_twice_gives_the_same_checksum() -> None:
    assert load_dataset("toole-multi").checksum == load_dataset("toole-multi").checksum
    assert load_dataset("toole-multi").checksum != load_dataset("toole-multi-dev").checksum


def neutral(folder: Path, **files: str) -> Path:
    contents = {
        "tools.jsonl": '{"id": "w1", "name": "weather", "description": "Rain"}\n{"id": "m1", "name": "m"}\n',
        "queries.jsonl": '{"id": "q1", "text": "rain?"}\n{"id": "q2", "text": "hello"}\n',
        "qrels.tsv": "query_id\ttool_id\trelevance\nq1\tw1\t1\nq1\tm1\t0\n",
        **files,
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_a_folder_in_the_neutral_layout(tmp_path: Path) -> None:
    dataset = load_dataset(str(neutral(tmp_path)))
    assert dataset.qrels == {"q1": frozenset({"w1"})}
    assert dataset.queries == {"q1": "rain?", "q2": "hello"}
    assert [tool.key for tool in dataset.catalog.tools] == ["w1", "m1"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"qrels.tsv": "q1\tw1\t1\n"}, "its first line must be", id="no-header"),
        pytest.param({"qrels.tsv": ""}, "its first line must be", id="empty-qrels"),
        pytest.param(
            {"qrels.tsv": "query_id\ttool_id\trelevance\nq1\tw1\t0\n"},
            "names no relevant tool",
            id="no-relevant",
        ),
        pytest.param(
            {"qrels.tsv": "query_id\ttool_id\trelevance\nq1\tw1\tyes\n"},
            "expected layout",
            id="relevance-in-words",
        ),
        pytest.param({"qrels.tsv": "query_id\ttool_id\trelevance\nq9\tw1\t1\n"}, "'q9'", id="unknown-query"),
        pytest.param({"queries.jsonl": "{half"}, "not in the expected layout", id="half-json"),
        pytest.param({"queries.jsonl": '{"id": 1}'}, "not in the expected layout", id="no-text"),
    ],
)
def test_folders_in_another_layout_say_what_is_wrong(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        load_dataset(str(neutral(tmp_path, **files)))


def test_an_unknown_data_set_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=f"'tool' is neither a data set.*{next(iter(DATASETS))}"):
        load_dataset("tool")


def test_missing_files_say_where_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLSHED_DATA", str(tmp_path))
    with pytest.raises(ConfigurationError, match="toolshed eval fetch sealtools"):
        load_dataset("sealtools-dev")
    with pytest.raises(ConfigurationError, match="is missing"):
        load_dataset(str(tmp_path))


def test_the_sample_catalog_is_large_varied_and_has_schemas() -> None:
    folder = Path(__file__).parents[2] / "evals" / "toolshed_evals" / "sample"
    dataset = load_dataset(str(folder))
    rows = [json.loads(line) for line in (folder / "tools.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 150
    assert len({row["tags"][0] for row in rows}) >= 12
    assert all(row["parameters"]["properties"] for row in rows if row["parameters"].get("required"))
    assert dataset.catalog.invalid == ()
