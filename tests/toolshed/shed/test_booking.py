"""Calls of paid encoders are in the ledger, whoever made them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from openai import OpenAI

from tests.qdrant_stub import loopback_server
from toolshed.backbones.embedding import OpenAIEncoder
from toolshed.documents import LegalDocument
from toolshed.errors import ConfigurationError, SourceError
from toolshed.intra_retrieval.decomposition import Decompose
from toolshed.intra_retrieval.encoding import Encode
from toolshed.metering.runs import MeteredCall, recorded_run, report_call
from toolshed.metering.usage import Usage
from toolshed.pipelines import Ingredients
from toolshed.queries import EncodedQuery, Query
from toolshed.rankings import Selection
from toolshed.shed.location import Location
from toolshed.shed.shed import Toolshed
from toolshed.stages import Stage
from toolshed.testing import HashingEncoder, make_tool
from toolshed.vectors import Vectors


@contextmanager
def embedding_api() -> Iterator[OpenAI]:
    """An OpenAI-compatible embedding API that counts a token a character."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            vectors = HashingEncoder(16).encode(body["input"])
            data = [
                {"object": "embedding", "index": i, "embedding": v.tolist()} for i, v in enumerate(vectors)
            ]
            n_tokens = sum(len(text) for text in body["input"])
            usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens}
            reply = {"object": "list", "model": body["model"], "data": data, "usage": usage}
            content = json.dumps(reply).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    with loopback_server(Handler) as url, OpenAI(base_url=f"{url}/v1", api_key="none") as client:
        yield client


def test_indexing_and_searching_are_booked_with_the_provider_s_tokens(tmp_path: Path) -> None:
    with embedding_api() as client:
        encoder = OpenAIEncoder("text-embedding-3-small", client=client, dimension=16)
        with Toolshed(tmp_path / "shed", encoder=encoder, pipeline="dense") as shed:
            shed.add_tools(make_tool("weather", "Tells the weather."))
            shed.search("x" * 100)
            task = shed.account.start_task("agent")
            shed.search("weather " * 10, task_id=task.task_id)
            (call,) = shed.account.ledger.task(task.task_id)["calls"]
            report = {row.group: row for row in shed.costs.report("class").rows}
            assert set(report) == {"indexing", "retrieval", "agent"}
            assert report["retrieval"].n_unknown == 1
            # 100 characters at $.02 a million
            assert report["retrieval"].spend_usd == pytest.approx(0.000002)
            found = shed.search("weather", task_id="nope")
            assert found.tools, "a paid answer is not lost for a task that is not there"
            assert "nope" in found.unbooked[0]
    assert (call["component"], call["usage_source"]) == ("embedding", "provider")
    assert call["cost"] == Decimal(call["input_tokens"]) * 2 / 10**8
    assert call["latency_seconds"] > 0


def test_an_encoder_without_a_price_costs_no_result_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with embedding_api() as client:
        encoder = OpenAIEncoder("my-own-embedder", client=client, dimension=16)
        with Toolshed(tmp_path / "b", encoder=encoder, pipeline="dense", ledger=tmp_path / "b.db") as shed:
            report = shed.add_tools(make_tool("weather", "Tells the weather."))
            found = shed.search("weather")
            passages = shed.search_passages("weather")
    assert report.added == ["test:weather"]
    assert found.tools
    assert not passages.unbooked, "nothing was encoded for an empty library"
    for unbooked in (report.unbooked, found.unbooked):
        assert "calls of my-own-embedder are not in the ledger" in unbooked[0]
        assert "price file" in unbooked[0]
    assert "my-own-embedder" in caplog.text


def test_calls_of_a_run_that_fails_are_booked(tmp_path: Path) -> None:
    with embedding_api() as client:
        encoder = OpenAIEncoder("text-embedding-3-small", client=client, dimension=16)

        def fail(_: Ingredients) -> Stage[Query, Selection]:
            return Decompose() >> Encode({"dense": encoder}) >> _Fails()

        with Toolshed(tmp_path / "shed", encoder=encoder, pipeline=fail) as shed:
            shed.add_tools(make_tool("weather", "Tells the weather."))
            task = shed.account.start_task("agent")
            with pytest.raises(SourceError, match="model is down"):
                shed.search("weather", task_id=task.task_id)
            assert len(shed.account.ledger.task(task.task_id)["calls"]) == 1


class _Fails(Stage[EncodedQuery, Selection]):
    async def run(self, item: EncodedQuery, /) -> Selection:
        raise SourceError("the model is down")


def test_a_search_with_passages_books_every_call_under_its_task(tmp_path: Path) -> None:
    with embedding_api() as client:
        encoder = OpenAIEncoder("text-embedding-3-small", client=client, dimension=16)
        with Toolshed(tmp_path / "shed", encoder=encoder) as shed:
            shed.add_tools(make_tool("weather", "Tells the weather."), make_tool("mail", "Sends mail."))
            shed.add_documents(LegalDocument("law.txt", "Mail is private. The weather is public. " * 30))
            before = {row.group: row.n_unknown for row in shed.costs.report("class").rows}
            task = shed.account.start_task("agent")
            shed.search("Tell the weather. Send the mail.", include_passages=True, task_id=task.task_id)
            calls = shed.account.ledger.task(task.task_id)["calls"]
            after = {row.group: row.n_unknown for row in shed.costs.report("class").rows}
    assert len(calls) >= 1
    assert {call["component"] for call in calls} == {"embedding"}
    assert after == {**before, "agent": 1}


def test_calls_keep_their_component_and_their_error(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        task = shed.account.start_task("agent")
        with recorded_run() as run:
            report_call(MeteredCall("planner", "gpt-4o-mini", Usage(10, 2), 0.1, error="timed out"))
        shed.booking.book(run, "retrieval", task.task_id)
        (call,) = shed.account.ledger.task(task.task_id)["calls"]
    assert (call["component"], call["error"], run.unbooked) == ("planner", "timed out", [])


def test_an_encoder_that_meters_itself_is_booked_once(tmp_path: Path) -> None:
    class Metered(HashingEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            report_call(MeteredCall("embedding", "text-embedding-3-small", Usage(5), 0.01))
            return super().encode(texts)

    with Toolshed(tmp_path / "shed", encoder=Metered()) as shed:
        shed.add_tools(make_tool("weather", "Tells the weather."))
        task = shed.account.start_task("agent")
        shed.search("weather", task_id=task.task_id)
        (call,) = shed.account.ledger.task(task.task_id)["calls"]
    assert call["model"] == "text-embedding-3-small"


def test_local_encoders_make_no_ledger(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        shed.add_tools(make_tool("weather", "Tells the weather."))
        shed.search("weather")
    assert not (tmp_path / "shed" / "ledger.db").exists()


def test_encodings_in_this_process_are_booked_for_a_task(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text('models: {"hashing:64": [{accelerators: 1, accelerator_hour: 3600}]}')
    for given, is_priced in ((None, False), (prices, True)):
        folder = tmp_path / f"shed-{is_priced}"
        with Toolshed(folder, encoder=HashingEncoder(), prices=given) as shed:
            shed.add_tools(make_tool("weather", "Tells the weather."))
            task = shed.account.start_task("agent")
            shed.search("weather", task_id=task.task_id)
            (call,) = shed.account.ledger.task(task.task_id)["calls"]
        assert (call["model"], call["component"]) == ("hashing:64", "embedding")
        assert (call["cost"] > 0) is is_priced
        assert call["price_source"].startswith("prices.yaml" if is_priced else "in process")


def test_where_costs_are_booked_must_be_said_for_a_server() -> None:
    shed = Toolshed("memory:", encoder=HashingEncoder())
    assert shed.account.ledger.location == "memory:"
    shed.close()
    with pytest.raises(ConfigurationError, match="ledger="):
        Location.of("http://qdrant:6333").ledger()


def test_needs_are_rated_by_what_retrieval_says(shed: Toolshed) -> None:
    shed.add_tools(make_tool("weather", "Tells the weather in a city."))
    assert {need.difficulty for need in shed.search("weather in a city").needs} <= {"easy", "medium", "hard"}
    nothing = shed.search("zzz qqq", abstain_below=1.0).needs[0]
    assert nothing.difficulty == "hard"
