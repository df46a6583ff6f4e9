"""Judged queries of a user's own."""

from pathlib import Path

import pytest

from toolshed.errors import ConfigurationError, SourceError
from toolshed.knowledge_base.examples import UsageExample
from toolshed.tuning.judged import JudgedQuery, from_examples, read_judged

TOOLS = ["shop:mail", "shop:parcel", "other:parcel"]
HEAD = "query_id\ttool_id\trelevance\n"


def written(folder: Path, qrels: str, queries: str = '{"id": "q", "text": "post it"}\n') -> Path:
    (folder / "queries.jsonl").write_text(queries)
    (folder / "qrels.tsv").write_text(qrels)
    return folder / "qrels.tsv"


def test_tools_are_named_by_id_or_by_a_name_that_is_one_tools(tmp_path: Path) -> None:
    rows = "q\tmail\t1\nq\tshop:parcel\t2\nq\tparcel\t1\nq\tnone\t1\nq\tother:parcel\t0\n"
    read = read_judged(written(tmp_path, HEAD + rows), None, TOOLS)
    assert read.queries == [JudgedQuery("post it", frozenset({"shop:mail", "shop:parcel"}))]
    assert read.n_unknown == 2


def test_texts_may_lie_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "texts.jsonl"
    elsewhere.write_text('\n{"id": 7, "text": "post it"}\n')
    read = read_judged(written(tmp_path, f"{HEAD}7\tmail\t1\n", ""), elsewhere, TOOLS)
    assert [one.text for one in read.queries] == ["post it"]


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        pytest.param("post\u2028it", "post\u2028it", id="line-separator"),
        pytest.param("post\u0085it", "post\u0085it", id="next-line"),
        pytest.param("\\ud800 post it", "? post it", id="lone-surrogate"),
    ],
)
def test_odd_characters_are_read(tmp_path: Path, text: str, is_read: str) -> None:
    qrels = written(tmp_path, f"{HEAD}q\tmail\t1\r\n", f'{{"id": "q", "text": "{text}"}}\r\n')
    assert [one.text for one in read_judged(qrels, None, TOOLS).queries] == [is_read]


@pytest.mark.parametrize(
    ("qrels", "queries", "said"),
    [
        pytest.param("a,b\n", "", "its first line must be", id="other-columns"),
        pytest.param(f"{HEAD}q\tmail\tyes\n", '{"id": "q", "text": "x"}', "no judgement", id="no-number"),
        pytest.param(f"{HEAD}q\tmail\t1\n", "{}", "line 1 of .* is no query", id="no-query"),
        pytest.param(HEAD, '{"id": "q", "text": null}', "line 1 of .* is no query", id="null"),
        pytest.param(HEAD, '{"id": [1], "text": "x"}', "line 1 of .* is no query", id="no-id"),
        pytest.param(
            HEAD, '{"id": 1, "text": "x"}\n{"id": "1", "text": "y"}', "line 2 .* another text", id="twice"
        ),
        pytest.param(HEAD, '{"id": "q", "text": " "}', "line 1 of .* the query is empty", id="empty"),
        pytest.param(
            f"{HEAD}q\t{'x' * 131_073}\t1\n", '{"id": "q", "text": "x"}', "line 2 .* field", id="long"
        ),
        pytest.param("x" * 131_073, '{"id": "q", "text": "x"}', "line 1 .* field", id="long-head"),
        pytest.param(f"{HEAD}x\tmail\t1\n", '{"id": "q", "text": "x"}', "which has no text", id="no-text"),
    ],
)
def test_what_is_in_another_form_is_told(tmp_path: Path, qrels: str, queries: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read_judged(written(tmp_path, qrels, queries), None, TOOLS)


def test_judgements_of_nothing_that_is_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="source:name"):
        read_judged(written(tmp_path, f"{HEAD}q\tnone\t1\n"), None, TOOLS)


def test_outcomes_are_judgements_where_their_text_is_kept() -> None:
    examples = [
        UsageExample("1", "shop:mail", "a", 0, {}, text="post it"),
        UsageExample("2", "shop:parcel", "b", 0, {}, text="post it"),
        UsageExample("3", "shop:parcel", "b", 0, {}),
    ]
    assert from_examples(examples) == [JudgedQuery("post it", frozenset({"shop:mail", "shop:parcel"}))]
    with pytest.raises(ConfigurationError, match="1 without it"):
        from_examples(examples[2:])
