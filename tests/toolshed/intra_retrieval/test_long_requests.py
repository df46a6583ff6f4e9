import pytest

from toolshed.intra_retrieval.long_requests import focused

LOG = "\n".join(f"2026-03-04 10:{i % 60:02}:11,204 ERROR worker-{i} job {i * 7919} failed" for i in range(80))


@pytest.mark.parametrize("order", ["{ask}\n{log}", "{log}\n\n{ask}"], ids=["first", "last"])
def test_the_request_beside_a_log_is_what_is_left(order: str) -> None:
    ask = "Restart the billing service and tell the on-call engineer."
    assert focused(order.format(ask=ask, log=LOG)) == ask


def test_a_stack_trace_and_json_are_data() -> None:
    pasted = """Open a ticket for this crash
Traceback (most recent call last):
  File "app.py", line 3, in <module>
    at com.acme.Main.run(Main.java:12)
{"level": "fatal", "pid": 31}
  "retries": 3,
}
"""
    assert focused(pasted) == "Open a ticket for this crash"


def test_short_requests_stay_as_they_are() -> None:
    assert focused("12:30:00 remind me") == "12:30:00 remind me"


def test_when_all_is_data_it_is_what_is_asked() -> None:
    assert focused(LOG).startswith("2026-03-04")


def test_a_long_text_keeps_both_of_its_ends_and_whole_words() -> None:
    text = "Summarise what follows. " + "lorem ipsum dolor " * 5_000 + "Then mail it to Ana."
    kept = focused(text)
    assert kept.startswith("Summarise what follows.")
    assert kept.endswith("Then mail it to Ana.")
    assert len(kept) < 2_500
    assert set(kept.split()) <= set(text.split())
