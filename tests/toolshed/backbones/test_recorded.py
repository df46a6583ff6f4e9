import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.toolshed.backbones.test_structured import Scripted
from toolshed.backbones.chat import ChatRequest, Message
from toolshed.backbones.recorded import PromptFile, RecordedChat, ReplayedChat
from toolshed.errors import ChatModelError, ConfigurationError, MissingReplyError
from toolshed.metering.runs import recorded_run
from toolshed.metering.usage import Usage
from toolshed.waiting import wait_for


def asked(text: str) -> ChatRequest:
    return ChatRequest((Message("user", text),))


def test_what_was_answered_is_answered_again(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    model = Scripted("one", "two \ud800")
    recorded = RecordedChat(model, file)
    assert [wait_for(recorded.complete(asked(text))).text for text in ("a", "b", "a")] == [
        "one",
        "two \ud800",
        "one",
    ]
    assert len(model.asked) == 2
    # A second run asks nothing.
    assert wait_for(RecordedChat(Scripted(), file).complete(asked("a"))).text == "one"
    replayed = ReplayedChat(file)
    assert replayed.model_id == "scripted"
    with recorded_run() as run:
        assert wait_for(replayed.complete(asked("a"))).text == "one"
    assert (run.calls[0].usage, run.calls[0].is_local) == (Usage(1, 1), True)
    with pytest.raises(MissingReplyError, match="no answer of 'scripted' to the prompt 'c'"):
        wait_for(replayed.complete(asked("c")))


def test_prompts_are_written_once_and_can_be_answered_by_hand(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    for _ in range(2):
        collected = PromptFile(prompts, model_id="large")
        for text in ("a", "b", "a"):
            with pytest.raises(ChatModelError):
                wait_for(collected.complete(asked(text)))
    lines = [json.loads(line) for line in prompts.read_text().splitlines()]
    assert [line["messages"][0]["content"] for line in lines] == ["a", "b"]
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(json.dumps({**line, "reply": "yes"}) + "\n" for line in lines))
    reply = wait_for(ReplayedChat(answers).complete(asked("b")))
    assert (reply.text, reply.usage.source) == ("yes", "estimate")


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    wait_for(RecordedChat(Scripted("one"), file).complete(asked("a")))
    file.write_bytes(file.read_bytes() + b'{"key": "ab", "mod')
    recorded = RecordedChat(Scripted("two"), file)
    wait_for(recorded.complete(asked("b")))
    replayed = ReplayedChat(file)
    assert [wait_for(replayed.complete(asked(text))).text for text in "ab"] == ["one", "two"]


def test_a_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    wait_for(RecordedChat(Scripted("one"), file).complete(asked("a")))
    file.write_text(file.read_text().rstrip())
    assert wait_for(ReplayedChat(file).complete(asked("a"))).text == "one"
    wait_for(RecordedChat(Scripted("two"), file).complete(asked("b")))
    assert wait_for(ReplayedChat(file).complete(asked("a"))).text == "one"


def test_many_threads_record_each_prompt_once(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    recorded = RecordedChat(Scripted(*["x"] * 400), file)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: wait_for(recorded.complete(asked(str(n % 50)))), range(200)))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted(line["messages"][0]["content"] for line in lines) == sorted(map(str, range(50)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{\n", "line 1 is not JSON"),
        ("[]\n", "has no 'key'"),
        ('{"key": "a", "reply": 3, "model": "m"}\n', "is no text"),
        ('{"key": "a", "reply": "x", "model": "m"}\n{"key": "b", "reply": "x", "model": "n"}\n', "of m, n"),
        ("", "no model"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "replies.jsonl"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=reason):
        ReplayedChat(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ReplayedChat(tmp_path / "none.jsonl")
