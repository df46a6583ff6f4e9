import pytest

from toolshed.calling.results import Answer, BinaryContent, CallResult, ResultStore
from toolshed.errors import InvalidQueryError, UnknownResultError


def cut(store: ResultStore, text: str, max_characters: int = 4) -> CallResult:
    return store.of().result("s:t", Answer(text), max_characters=max_characters, duration_ms=1.0)


def test_a_short_answer_is_whole_and_leaves_no_handle() -> None:
    result = cut(ResultStore(), "abc")
    assert (result.text, result.handle, result.next_offset, result.n_characters) == ("abc", "", None, 3)
    with pytest.raises(UnknownResultError, match="no more to read"):
        result.read_more()


def test_a_long_one_is_read_to_its_end_page_by_page() -> None:
    store = ResultStore()
    result = cut(store, "abcdefghij")
    assert (result.text, result.next_offset) == ("abcd", 4)
    second = result.read_more()
    third = second.read_more()
    assert (second.text, third.text, third.next_offset) == ("efgh", "ij", None)
    assert store.of().read(result.handle, 2, 100).text == "cdefghij"


def test_texts_are_kept_for_a_while_after_they_were_last_read() -> None:
    now = [0.0]
    store = ResultStore(seconds=10, clock=lambda: now[0])
    handle = cut(store, "abcdef").handle
    now[0] = 9
    assert store.of().read(handle, 0, 1).text == "a"
    now[0] = 18
    assert store.of().read(handle, 0, 1).text == "a"
    now[0] = 28.1
    with pytest.raises(UnknownResultError, match="call the tool again"):
        store.of().read(handle, 0, 1)


def test_the_oldest_make_room() -> None:
    store = ResultStore(max_characters=25)
    handles = [cut(store, letter * 10).handle for letter in "abc"]
    with pytest.raises(UnknownResultError):
        store.of().read(handles[0], 0, 1)
    assert [store.of().read(handle, 9, 5).text for handle in handles[1:]] == ["b", "c"]


def test_handles_cannot_be_guessed_and_unknown_ones_are_errors() -> None:
    store = ResultStore()
    assert len({cut(store, "abcdef").handle for _ in range(10)}) == 10
    with pytest.raises(UnknownResultError, match="no result 'x'"):
        store.of().read("x", 0, 1)


@pytest.mark.parametrize("offset", [-1, 7])
def test_an_offset_beyond_the_text_is_refused(offset: int) -> None:
    store = ResultStore()
    with pytest.raises(InvalidQueryError, match="6 characters"):
        store.of().read(cut(store, "abcdef").handle, offset, 1)


def test_binaries_are_described_and_their_bytes_shown_nowhere() -> None:
    image = BinaryContent("image/png", b"\x89PNG secret", name="map")
    result = (
        ResultStore()
        .of()
        .result("s:t", Answer(image.described(), binaries=(image,)), max_characters=100, duration_ms=1.0)
    )
    assert result.text == "[binary content 'map': image/png, 11 bytes]"
    assert "secret" not in repr(result) + str(result.to_json())
    assert result.binaries[0].data == b"\x89PNG secret"


def test_json_holds_the_structured_answer_where_the_text_is_whole() -> None:
    answer = Answer('{"a": 1}', structured={"a": 1}, is_structured=True)
    store = ResultStore()
    whole = store.of().result("s:t", answer, max_characters=100, duration_ms=1.0)
    shortened = store.of().result("s:t", answer, max_characters=3, duration_ms=1.0)
    assert whole.to_json()["structured"] == {"a": 1}
    assert shortened.to_json()["structured"] is None
    assert shortened.structured == {"a": 1}


def test_what_is_kept_is_its_owners() -> None:
    store = ResultStore()
    of_ana = store.of("ana").result("s:t", Answer("abcdef"), max_characters=4, duration_ms=1.0)
    assert of_ana.read_more().text == "ef"
    second = of_ana.page.beside("0123456", 2)
    for handle in (of_ana.handle, second.handle):
        for other in ("", "bob"):
            with pytest.raises(UnknownResultError, match="there is no result"):
                store.of(other).read(handle, 0, 1)
        assert store.of("ana").read(handle, 0, 1).text in "a0"
