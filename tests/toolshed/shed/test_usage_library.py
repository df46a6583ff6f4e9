"""Learning from use: what serves, what does not, and how it is taken back."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.qdrant_stub import qdrant_stub
from toolshed.errors import ConfigurationError, InvalidRecordError, UnknownQueryError, UnknownToolError
from toolshed.shed import usage_library
from toolshed.shed.asynchronous import AsyncToolshed
from toolshed.shed.shed import Toolshed
from toolshed.shed.usage_library import UsageReport
from toolshed.testing import HashingEncoder, make_tool

# A name that says nothing of what its users want of it.
TOOLS = [
    make_tool("orbit_desk", "Open a case."),
    *(make_tool(f"send_{what}", f"Send a {what}.") for what in ("mail", "letter", "parcel", "invoice")),
    *(make_tool(f"play_{what}", f"Play a {what}.") for what in ("song", "film", "game", "trumpet")),
    *(make_tool(f"book_{what}", f"Book a {what}.") for what in ("table", "flight", "hotel", "doctor")),
]
SERVED = "orbit_desk"
ASKED = [
    f"my {thing} {trouble}"
    for thing in ("laptop", "computer", "printer", "notebook", "screen")
    for trouble in ("is broken", "does not start", "stopped working", "shows an error")
]
# 32 bytes in Base64.
SECRETS_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
NEW_SECRETS_KEY = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
NEW = "the computer is broken and shows errors"


def opened(location: Path | str = "memory:", **options: bool) -> Toolshed:
    shed = Toolshed(location, pipeline="instant", keeps_requests=options.get("keeps_requests", False))
    shed.add_tools(*TOOLS, source_name="shop")
    return shed


def tool_id(shed: Toolshed, name: str = SERVED) -> str:
    return next(one for one in shed.list_tools() if one.endswith(f":{name}"))


def report(
    shed: Toolshed, text: str, name: str = SERVED, *, passed: bool = True, reporter: str = "a"
) -> UsageReport:
    query_id = shed.search(text, abstain_below=0).query_id
    return shed.outcomes.report(
        query_id=query_id, tools_used=[tool_id(shed, name)], passed=passed, reporter=reporter
    )


def ranking(shed: Toolshed, text: str = NEW) -> list[tuple[str, float]]:
    return [(one.tool.name, one.score) for one in shed.search(text, 20, abstain_below=0).tools]


def rank(shed: Toolshed, name: str = SERVED) -> int:
    return [found for found, _ in ranking(shed)].index(name)


def test_reported_use_brings_a_tool_up_once_it_was_learnt() -> None:
    with opened() as shed:
        before = ranking(shed)
        for text in ASKED:
            assert report(shed, text) == UsageReport(n_new=1)
        assert ranking(shed) == before
        learnt = shed.outcomes.learn()
        assert learnt.serves
        assert learnt.after > learnt.before
        assert learnt.n_serving > len(ASKED) / 2
        assert rank(shed) == 0


def test_a_state_that_does_not_gain_does_not_serve() -> None:
    with opened() as shed:
        for text in ASKED:
            report(shed, text)
        assert shed.outcomes.learn().serves
        again = shed.outcomes.learn()
        assert not again.serves
        assert again.n_serving == len([one for one in shed.usage.examples() if one.serves])


def test_nothing_is_learnt_of_nothing() -> None:
    with opened() as shed:
        assert not shed.outcomes.learn().serves
        assert shed.usage.examples() == []


def test_what_is_forgotten_leaves_no_trace() -> None:
    with opened() as shed:
        before = ranking(shed)
        for text in ASKED:
            report(shed, text)
        shed.outcomes.learn()
        assert ranking(shed) != before
        assert shed.usage.forget(reporter="nobody") == 0
        assert shed.usage.forget(reporter="a", tool_id=tool_id(shed)) == len(ASKED)
        assert ranking(shed) == before
        with pytest.raises(ConfigurationError, match="say what to forget"):
            shed.usage.forget()


def test_a_key_that_reports_nonsense_is_not_believed() -> None:
    wrong = [tool.name for tool in TOOLS if tool.name != SERVED]
    with opened() as shed:
        for text in ASKED:
            report(shed, text, reporter="honest")
        for at in range(12):
            report(shed, f"please mail the letter number {at} to Ana", wrong[4 + at % 4], reporter="liar")
        learnt = shed.outcomes.learn()
        honest = {one.reporter for one in shed.usage.examples() if one.tool_id == tool_id(shed)}
        assert {one.reporter for one in shed.usage.examples() if one.serves} <= honest
        assert learnt.n_unsupported or learnt.n_distrusted
        assert rank(shed) == 0


def test_the_same_report_twice_is_one_example_and_a_failure_takes_it_back() -> None:
    with opened() as shed:
        assert report(shed, ASKED[0]).n_new == 1
        assert report(shed, f"  {ASKED[0].upper()} ") == UsageReport(n_repeated=1)
        assert len(shed.usage.examples()) == 1
        assert report(shed, ASKED[0], passed=False) == UsageReport(n_dropped=1)
        assert shed.usage.examples() == []


def test_a_failure_takes_back_nothing_of_others() -> None:
    with opened() as shed:
        report(shed, ASKED[0], reporter="a")
        report(shed, ASKED[0], reporter="b")
        assert report(shed, ASKED[0], passed=False, reporter="c") == UsageReport()
        assert report(shed, ASKED[0], passed=False, reporter="b") == UsageReport(n_dropped=1)
        assert shed.usage.forget(reporter="a") == 1


def test_examples_of_a_tool_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_library, "MAX_EXAMPLES_OF_A_TOOL", 5)
    with opened() as shed:
        for text in ASKED:
            report(shed, text)
        assert len(shed.usage.examples()) == 5


def test_texts_are_kept_only_where_that_was_allowed() -> None:
    with opened() as shed, opened(keeps_requests=True) as open_hearted:
        report(shed, ASKED[0])
        report(open_hearted, ASKED[0])
        assert [one.text for one in shed.usage.examples()] == [""]
        assert [one.text for one in open_hearted.usage.examples()] == [ASKED[0]]
        # The digests are keyed: those of two knowledge bases have nothing in common.
        (mine,), (other,) = shed.usage.examples(), open_hearted.usage.examples()
        assert mine.example_id != other.example_id
        assert mine.reporter != other.reporter != "a"


def test_what_was_learnt_outlives_the_process(tmp_path: Path) -> None:
    with opened(tmp_path / "shed") as shed:
        for text in ASKED:
            report(shed, text)
        shed.outcomes.learn()
        learnt = ranking(shed)
    assert (tmp_path / "shed" / "examples.key").stat().st_mode & 0o077 == 0
    with opened(tmp_path / "shed") as again:
        assert [name for name, _ in ranking(again)] == [name for name, _ in learnt]
        assert again.damages() == []
        assert again.usage.forget(everything=True) == len(ASKED)


@pytest.mark.parametrize("kind", ["memory", "folder", "server"])
def test_learning_is_the_same_on_every_engine(kind: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        at = {"memory": "memory:", "folder": str(tmp_path / "shed")}.get(kind) or stack.enter_context(
            qdrant_stub()
        )
        shed = stack.enter_context(Toolshed(at, pipeline="instant", secrets_key=SECRETS_KEY))
        shed.add_tools(*TOOLS, source_name="shop")
        before = ranking(shed)
        for text in ASKED[::2]:
            assert report(shed, text) == UsageReport(n_new=1)
        assert report(shed, ASKED[0]) == UsageReport(n_repeated=1)
        assert shed.outcomes.learn().serves
        assert rank(shed) == 0
        assert shed.damages() == []
        assert report(shed, ASKED[0], passed=False) == UsageReport(n_dropped=1)
        assert shed.usage.forget(tool_id=tool_id(shed)) == len(ASKED[::2]) - 1
        assert ranking(shed) == before


def test_processes_that_share_a_server_learn_from_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with qdrant_stub() as url, ExitStack() as stack:
        options = {"pipeline": "instant", "secrets_key": SECRETS_KEY, "ledger": "memory:"}
        one, other = (stack.enter_context(Toolshed(url, **options)) for _ in range(2))
        # One time for both: what an example counts depends on its age in seconds.
        for shed in (one, other):
            monkeypatch.setattr(shed.usage, "_now", lambda: 1.8e9)
        one.add_tools(*TOOLS, source_name="shop")
        other.refresh()
        before = ranking(other)
        for text in ASKED[::2]:
            report(one, text)
        assert one.outcomes.learn().serves
        assert ranking(other) == before
        assert other.refresh()
        assert ranking(other) == ranking(one) != before
        assert not other.refresh()
        # The digests are those of one key: what one was told, the other knows.
        assert report(other, ASKED[0]) == UsageReport(n_repeated=1)


def test_reporters_are_known_after_the_key_of_secrets_was_changed() -> None:
    with qdrant_stub() as url:
        options = {"pipeline": "instant", "ledger": "memory:"}
        with Toolshed(url, secrets_key=SECRETS_KEY, **options) as shed:
            shed.add_tools(*TOOLS, source_name="shop")
            for text in ASKED[:4]:
                report(shed, text)
            report(shed, ASKED[0], reporter="b")
            report(shed, ASKED[0], reporter="c")
        with Toolshed(url, secrets_key=f"{NEW_SECRETS_KEY},{SECRETS_KEY}", **options) as shed:
            assert shed.usage.forget(reporter="b") == 1
            assert report(shed, ASKED[0], passed=False, reporter="c") == UsageReport(n_dropped=1)
            assert report(shed, f" {ASKED[0].upper()}") == UsageReport(n_repeated=1)
            assert len({one.reporter for one in shed.usage.examples()}) == 1
        # What it reported again since is known without the old key.
        with Toolshed(url, secrets_key=NEW_SECRETS_KEY, **options) as shed:
            assert shed.usage.forget(reporter="a") == 4


def test_a_server_without_a_key_of_secrets_says_what_is_missing() -> None:
    with qdrant_stub() as url, Toolshed(url, pipeline="instant") as shed:
        shed.add_tools(*TOOLS, source_name="shop")
        with pytest.raises(ConfigurationError, match="TOOLSHED_SECRETS_KEY"):
            report(shed, ASKED[0])
        assert rank(shed) >= 0


def test_what_cannot_be_reported_is_told() -> None:
    with opened() as shed:
        found = shed.search(ASKED[0], abstain_below=0)
        with pytest.raises(UnknownQueryError, match="within a day"):
            shed.outcomes.report(query_id="none", tools_used=[], passed=True)
        with pytest.raises(UnknownToolError):
            shed.outcomes.report(query_id=found.query_id, tools_used=["shop:none"], passed=True)
        with pytest.raises(InvalidRecordError, match="at most 50 tools"):
            shed.outcomes.report(query_id=found.query_id, tools_used=["x"] * 51, passed=True)
        assert shed.outcomes.report(query_id=found.query_id, tools_used=[], passed=True) == UsageReport()
        assert shed.usage.examples() == []


async def test_asynchronous_searches_are_reported_too() -> None:
    async with AsyncToolshed("memory:", pipeline="instant") as shed:
        await shed.add_tools(*TOOLS, source_name="shop")
        found = await shed.search(ASKED[0], abstain_below=0)
        used = next(one for one in await shed.list_tools() if one.endswith(SERVED))
        assert shed.outcomes.report(query_id=found.query_id, tools_used=[used], passed=True).n_new == 1


def test_what_was_learnt_follows_tools_that_change(tmp_path: Path) -> None:
    with opened(tmp_path / "shed") as shed:
        for text in ASKED:
            report(shed, text)
        assert shed.outcomes.learn().serves
        rank(shed)
        shed.add_tools(make_tool(SERVED, "Grow tomatoes."), source_name="shop", replace=True)
        shed.add_tools(make_tool("mend_laptop", "Mend a laptop."), source_name="more")
        there = ranking(shed)
    with Toolshed(tmp_path / "shed", pipeline="instant") as again:
        assert dict(ranking(again)) == pytest.approx(dict(there), abs=1e-4)


def test_examples_without_tools_are_not_judged() -> None:
    with opened() as shed:
        for text in ASKED:
            report(shed, text)
        shed.delete_tools(*shed.list_tools())
        assert not shed.outcomes.learn().serves
        assert len(shed.usage.examples()) == len(ASKED)


def test_searches_and_reports_go_on_while_examples_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    is_judging, may_end = threading.Event(), threading.Event()

    class SlowTrial(usage_library.Trial):
        def supported(self) -> NDArray[np.bool_]:
            is_judging.set()
            assert may_end.wait(60)
            return super().supported()

    monkeypatch.setattr(usage_library, "Trial", SlowTrial)
    with opened() as shed, ThreadPoolExecutor(2) as pool:
        for text in ASKED[:-1]:
            report(shed, text, reporter="b" if text == ASKED[0] else "a")
        learning = pool.submit(shed.outcomes.learn)
        try:
            assert is_judging.wait(60)
            assert pool.submit(report, shed, ASKED[-1]).result(60).n_new == 1
            assert pool.submit(lambda: shed.usage.forget(reporter="b")).result(60) == 1
        finally:
            may_end.set()
        assert learning.result(60).serves
        # What was forgotten meanwhile has not come back, and what came meanwhile was not judged.
        assert len(shed.usage.examples()) == len(ASKED) - 1
        assert (
            sum(one.serves for one in shed.usage.examples()) == learning.result().n_serving < len(ASKED) - 1
        )


def test_a_pipeline_without_the_encoder_of_the_tools_reports_too(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        shed.add_tools(*TOOLS, source_name="shop")
        assert report(shed, ASKED[0]).n_new == 1
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder(), pipeline="instant") as instant:
        assert report(instant, ASKED[0]).n_repeated == 1
        assert report(instant, ASKED[1]).n_new == 1
        assert all(one.vectors.keys() == {"static", "dense"} for one in instant.usage.examples())


def test_searches_of_long_ago_make_room_and_hold_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as shed:
        usage = shed.usage
        old = shed.search("send a mail and book a table and play a song", abstain_below=0)
        (pending,) = usage._pending.values()
        assert all(vector.base is None for vector in pending.vectors.values())
        monkeypatch.setattr(usage, "_now", lambda: pending.until + 1)
        new = shed.search(ASKED[0], abstain_below=0)
        assert list(usage._pending) == [new.query_id] != [old.query_id]
        assert usage.forget(everything=True) == 0
        with pytest.raises(UnknownQueryError):
            shed.outcomes.report(query_id=new.query_id, tools_used=[], passed=True)


def test_many_threads_report_and_search_at_once() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    failures: list[BaseException] = []
    try:
        with opened() as shed:

            def work(number: int) -> None:
                try:
                    for text in ASKED[number::4]:
                        report(shed, text, reporter=str(number))
                        shed.search(NEW)
                    shed.outcomes.learn()
                # Whatever goes wrong in a thread is told by the test.
                except BaseException as error:
                    failures.append(error)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)
            assert failures == []
            assert len(shed.usage.examples()) == len(ASKED)
    finally:
        sys.setswitchinterval(interval)
