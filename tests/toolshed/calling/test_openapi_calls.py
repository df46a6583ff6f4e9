"""Operations called over real connections: a FastAPI service and servers that do not do their part."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests.servers.desks import SECRET, SLOW_BEGAN, service
from tests.waiting import PATIENCE_SECONDS
from toolshed import AsyncToolshed, Toolshed
from toolshed.calling import http_answers
from toolshed.catalog.definitions import Catalog
from toolshed.errors import (
    ConfigurationError,
    ForbiddenAddressError,
    InvalidArgumentsError,
    LostConnectionError,
    MissingCredentialsError,
    ToolCallError,
    ToolTimeoutError,
)
from toolshed.types import ToolDefinition


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(service(), log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def shed(base_url: str) -> Iterator[Toolshed]:
    with Toolshed("memory:", pipeline="instant") as opened:
        opened.add_tools(f"{base_url}/openapi.json")
        yield opened


def test_every_argument_arrives_in_its_place(shed: Toolshed) -> None:
    result = shed.call(
        "desks:put_desk",
        {
            "number": 4,
            "tags": ["a b", "c&d"],
            "x-trace": "t1",
            "session": "s1",
            "name": "Ana's",
            "corner": "é",
        },
    )
    assert (result.status, result.is_error) == (200, False)
    assert result.structured == {
        "number": 4,
        "desk": {"name": "Ana's", "corner": "é"},
        "tags": ["a b", "c&d"],
        "trace": "t1",
        "session": "s1",
    }


def test_wrong_arguments_are_refused_before_anything_is_sent(shed: Toolshed) -> None:
    with pytest.raises(InvalidArgumentsError, match=r"number: .four. is not of type .*name. is a"):
        shed.call("desks:put_desk", {"number": "four", "tags": [], "x-trace": "t", "session": "s"})


def test_files_are_uploaded(shed: Toolshed) -> None:
    result = shed.call("desks:upload", {"file": "data:image/gif;base64,AAECAw==", "note": "n"})
    assert result.structured == {"n": 4, "type": "image/gif", "note": "n"}


def test_an_error_of_the_service_is_its_answer(shed: Toolshed) -> None:
    result = shed.call("desks:missing")
    assert (result.is_error, result.status, result.structured) == (True, 404, {"detail": "no such desk"})
    assert result.text == 'HTTP 404 Not Found: {"detail": "no such desk"}'


def test_binary_and_empty_answers_are_told(shed: Toolshed) -> None:
    image = shed.call("desks:image")
    assert image.text == "[binary content: image/png, 5 bytes]"
    assert image.binaries[0].data == b"\x89PNG\x00"
    empty = shed.call("desks:delete_desk", {"number": 1})
    assert (empty.text, empty.is_error) == ("HTTP 204 No Content", False)


def test_a_long_answer_is_cut_and_read_on(shed: Toolshed) -> None:
    result = shed.call("desks:long", max_characters=1_000)
    assert (len(result.text), result.next_offset) == (1_000, 1_000)
    assert result.structured == list(range(20_000))
    assert (
        shed.read_result(result.handle, 1_000, max_characters=10).text == str(result.structured)[1_000:1_010]
    )


@pytest.mark.parametrize(
    ("tool", "scheme", "credential"),
    [
        ("by_key", "key", SECRET),
        ("by_query_key", "query_key", SECRET),
        ("by_basic", "basic", ("ana", SECRET)),
        ("by_basic", "basic", f"ana:{SECRET}"),
    ],
)
def test_credentials_go_where_the_scheme_says(
    shed: Toolshed, tool: str, scheme: str, credential: Any
) -> None:
    given: list[Any] = [
        {"desks": {scheme: credential}},
        {"desks": credential},
        lambda source, name: credential if (source, name) == ("desks", scheme) else None,
    ]

    async def later(source: str, name: str) -> Any:
        await asyncio.sleep(0)
        return credential

    for credentials in [*given, later]:
        assert shed.call(f"desks:{tool}", credentials=credentials).structured == {"is_right": True}


@pytest.mark.parametrize("given", ["tok-0123456789", "Bearer tok-0123456789"])
def test_tokens_are_sent_as_bearer_and_struck_out_of_the_answer(shed: Toolshed, given: str) -> None:
    result = shed.call("desks:by_token", credentials={"desks": {"token": given}})
    assert not result.is_error
    assert "tok-0123456789" not in result.text


def test_the_credentials_of_the_knowledge_base_serve_every_call(base_url: str) -> None:
    with Toolshed("memory:", pipeline="instant", credentials={"desks": {"key": SECRET}}) as shed:
        shed.add_tools(f"{base_url}/openapi.json")
        assert shed.call("desks:by_key").structured == {"is_right": True}
        assert shed.call("desks:by_key", credentials={"desks": {"key": "x"}}).structured == {
            "is_right": False
        }
        assert SECRET not in repr(shed) + repr(vars(shed.caller))


@pytest.mark.parametrize("credentials", [None, {"other": SECRET}, {"desks": {"token": SECRET}}])
def test_without_credentials_it_is_said_how_to_give_them(shed: Toolshed, credentials: Any) -> None:
    with pytest.raises(
        MissingCredentialsError, match=r"TOOLSHED_CREDENTIAL_DESKS__KEY.*nothing was"
    ) as refused:
        shed.call("desks:by_key", credentials=credentials)
    assert SECRET not in str(refused.value)


def test_a_function_of_credentials_that_fails_is_named(shed: Toolshed) -> None:
    def look_up(source: str, scheme: str) -> str:
        raise TimeoutError(SECRET)

    with pytest.raises(ConfigurationError, match="failed for 'desks' and 'key': TimeoutError") as failed:
        shed.call("desks:by_key", credentials=look_up)
    assert SECRET not in str(failed.value)


def test_a_caller_may_say_that_a_source_needs_none(shed: Toolshed) -> None:
    assert shed.call("desks:by_key", credentials={"desks": {}}).status in (401, 403)


def test_a_redirect_within_the_server_keeps_method_and_body(shed: Toolshed) -> None:
    with shed_of(
        shed, "POST", "/moved", base(shed), body={"media_type": "application/json", "argument": "body"}
    ):
        result = shed.call("own:op", {"body": ["a"]}, allow_private=True)
    assert result.structured == ["a"]


def base(shed: Toolshed) -> str:
    return str((shed.get_tool("desks:kept").binding or {})["servers"][0]["url"]).rstrip("/")


@contextmanager
def shed_of(
    shed: Toolshed, method: str, path: str, server: str, *, location: str = "", **said: Any
) -> Iterator[None]:
    arguments = {"body": {"in": "body", "name": "body"}} if "body" in said else {}
    binding = {
        "kind": "openapi",
        "method": method,
        "path": path,
        "servers": [{"url": server}],
        "arguments": arguments,
        **said,
    }
    tool = ToolDefinition("op", source="own", binding=binding)
    shed.add_catalogs([Catalog("own", (tool,), location=location or "/home/ana/openapi.json")])
    yield


@contextmanager
def raw_server(answer: Callable[[socket.socket, bytes], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that does as it likes with each connection; gives its address and the requests it got."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            got = b""
            while b"\r\n\r\n" not in got:
                part = connection.recv(65536)
                if not part:
                    return
                got += part
            seen.append(got)
            try:
                answer(connection, got)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    listener.close()


@pytest.fixture
def empty() -> Iterator[Toolshed]:
    with Toolshed("memory:", pipeline="instant") as opened:
        yield opened


def reply(*heads: str, body: bytes = b"") -> Callable[[socket.socket, bytes], None]:
    head = "\r\n".join((*heads, f"content-length: {len(body)}", "connection: close", "", "")).encode()
    return lambda connection, _: connection.sendall(head + body)


KEY = {
    "security": [{"k": []}],
    "security_schemes": {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}},
}
KEYS = {"own": {"k": SECRET}}


def test_private_addresses_need_the_callers_word_or_a_source_from_there(empty: Toolshed) -> None:
    with raw_server(reply("HTTP/1.1 200 OK", body=b"hi")) as (url, seen):
        with (
            shed_of(empty, "GET", "/", url),
            pytest.raises(ForbiddenAddressError, match="allow_private=True"),
        ):
            empty.call("own:op")
        assert seen == []
        assert empty.call("own:op", allow_private=True).text == "hi"
        empty.remove_source("own")
        with shed_of(empty, "GET", "/", url, location=f"{url}/openapi.json"):
            assert empty.call("own:op").text == "hi"
        empty.remove_source("own")
        elsewhere = shed_of(empty, "GET", "/", url, location="https://evil.example/openapi.json")
        with elsewhere, pytest.raises(ForbiddenAddressError, match="index its description from that address"):
            empty.call("own:op", allow_private=True)
        assert len(seen) == 2


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [("127.0.0.1", False), ("10.0.0.1", False), ("169.254.169.254", True), ("168.63.129.16", True)],
)
def test_a_name_of_a_private_address_is_refused(
    empty: Toolshed, monkeypatch: pytest.MonkeyPatch, address: str, is_allowed: bool
) -> None:
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **o: look_up({"api.test": address}.get(host, host), *a, **o)
    )
    refused = pytest.raises(ForbiddenAddressError, match=f"'api.test' is the address '{address}'")
    # Nobody serves anything at the metadata of a machine, whatever the caller allows.
    with shed_of(empty, "GET", "/", "http://api.test"), refused:
        empty.call("own:op", allow_private=is_allowed)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_and_arguments_follow_no_redirect_to_another_host(empty: Toolshed, status: int) -> None:
    with (
        raw_server(reply("HTTP/1.1 200 OK", body=b"stolen")) as (other, stolen),
        raw_server(reply(f"HTTP/1.1 {status} Moved", f"location: {other}/x")) as (url, seen),
        shed_of(empty, "GET", "/", url, **KEY),
        pytest.raises(ForbiddenAddressError, match="redirects to"),
    ):
        empty.call("own:op", credentials=KEYS, allow_private=True)
    assert (len(seen), stolen) == (1, [])


def test_to_a_public_host_a_redirected_call_goes_without_them(
    empty: Toolshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolshed.calling.openapi_calls.is_public", lambda address: True)
    with (
        raw_server(reply("HTTP/1.1 200 OK", body=b"elsewhere")) as (other, seen),
        raw_server(reply("HTTP/1.1 302 Found", f"location: {other}/x")) as (url, _),
        shed_of(empty, "GET", "/", url, **KEY),
    ):
        assert empty.call("own:op", credentials=KEYS).text == "elsewhere"
    assert SECRET.encode() not in seen[0]
    assert b"x-key" not in seen[0].lower()


def test_a_body_is_sent_to_no_other_host(empty: Toolshed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolshed.calling.openapi_calls.is_public", lambda address: True)
    with (
        raw_server(reply("HTTP/1.1 200 OK")) as (other, seen),
        raw_server(reply("HTTP/1.1 307 Moved", f"location: {other}/x")) as (url, _),
        shed_of(empty, "POST", "/", url, body={"media_type": "text/plain", "argument": "body"}),
    ):
        result = empty.call("own:op", {"body": "mine"})
    assert (result.is_error, result.status, seen) == (True, 307, [])
    assert f"location: {other}/x" in result.text


def test_endless_redirects_end(empty: Toolshed) -> None:
    with (
        raw_server(reply("HTTP/1.1 302 Found", "location: /x")) as (url, seen),
        shed_of(empty, "GET", "/", url),
        pytest.raises(ToolCallError, match="redirects more than 5 times"),
    ):
        empty.call("own:op", allow_private=True)
    assert len(seen) == 6


def test_credentials_are_not_sent_without_tls(empty: Toolshed, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *a, **o: look_up("127.0.0.1" if host == "desks.test" else host, *a, **o),
    )
    with raw_server(reply("HTTP/1.1 200 OK", body=b"hi")) as (url, seen):
        named = url.replace("127.0.0.1", "desks.test")
        with shed_of(empty, "GET", "/", named, **KEY):
            with pytest.raises(ForbiddenAddressError, match="without TLS") as refused:
                empty.call("own:op", credentials=KEYS, allow_private=True)
            assert seen == []
            assert SECRET not in str(refused.value)
            assert empty.call("own:op", credentials={"own": ""}, allow_private=True).text == "hi"
            assert (
                empty.call("own:op", credentials=KEYS, allow_private=True, allow_plain_http=True).text == "hi"
            )


def test_an_answer_without_an_end_is_cut(empty: Toolshed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_answers, "MAX_ANSWER_BYTES", 2**16)

    def pour(connection: socket.socket, _: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1073741824\r\n\r\n"
        )
        while True:
            connection.sendall(b"x" * 65536)

    with raw_server(pour) as (url, _), shed_of(empty, "GET", "/", url):
        result = empty.call("own:op", allow_private=True, max_characters=10**6)
    assert not result.is_complete
    assert result.text.startswith("x" * 2**16 + "\n[cut: ")


def test_a_dripping_answer_ends_at_the_deadline(empty: Toolshed) -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    with (
        raw_server(drip) as (url, _),
        shed_of(empty, "GET", "/", url),
        pytest.raises(ToolTimeoutError, match="the tool may have acted"),
    ):
        empty.call("own:op", allow_private=True, timeout_seconds=0.3)


def test_a_lost_connection_says_that_the_tool_may_have_acted(empty: Toolshed) -> None:
    with (
        raw_server(lambda connection, _: None) as (url, seen),
        shed_of(empty, "POST", "/", url, **KEY),
        pytest.raises(LostConnectionError, match=r"lost before .*may have acted") as lost,
    ):
        empty.call("own:op", allow_private=True, credentials=KEYS)
    # Asked once: it may not be safe to ask again.
    assert (len(seen), lost.value.may_have_acted, SECRET in str(lost.value)) == (1, True, False)


def test_where_nobody_listens_nothing_was_sent(empty: Toolshed) -> None:
    with socket.socket() as taken:
        # Bound, and nobody listens.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with shed_of(empty, "POST", "/", url), pytest.raises(LostConnectionError, match="cannot be") as lost:
            empty.call("own:op", allow_private=True)
    assert not lost.value.may_have_acted


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(["HTTP/1.1 200 OK", "content-encoding: br"], id="another-coding"),
        pytest.param(["HTTP/1.1 200 OK", "content-encoding: gzip"], id="no-gzip"),
        pytest.param(["garbage"], id="no-http"),
    ],
)
def test_an_answer_that_cannot_be_read_is_our_error(empty: Toolshed, head: list[str]) -> None:
    with (
        raw_server(reply(*head, body=b"xxxx")) as (url, _),
        shed_of(empty, "GET", "/", url),
        pytest.raises(ToolCallError, match="may have acted"),
    ):
        empty.call("own:op", allow_private=True)


@pytest.mark.parametrize(
    ("kind", "body", "text", "structured"),
    [
        ("application/json", b'{"a": NaN', '{"a": NaN', None),
        ("application/json", b"[" * 100_000, "[" * 100_000, None),
        ("text/html; charset=latin-1", "é".encode("latin-1"), "é", None),
        ("text/plain; charset=none", "é".encode(), "é", None),
        ("application/problem+json", b'{"a":1}', '{"a": 1}', {"a": 1}),
        ("application/x-ndjson", b'{"a":1}\n{"a":2}', '{"a":1}\n{"a":2}', None),
    ],
)
def test_answers_are_read_as_what_they_say_they_are(
    empty: Toolshed, kind: str, body: bytes, text: str, structured: Any
) -> None:
    with (
        raw_server(reply("HTTP/1.1 200 OK", f"content-type: {kind}", body=body)) as (url, _),
        shed_of(empty, "GET", "/", url),
    ):
        result = empty.call("own:op", allow_private=True, max_characters=10**6)
    assert (result.text, result.structured) == (text, structured)


def test_a_key_with_a_line_break_is_refused_and_not_shown(empty: Toolshed) -> None:
    with (
        shed_of(empty, "GET", "/", "https://desks.example", **KEY),
        pytest.raises(Exception, match="line breaks") as e,
    ):
        empty.call("own:op", credentials={"own": {"k": f"{SECRET}\nX-Admin: 1"}})
    assert SECRET not in str(e.value)


def test_no_log_holds_a_credential(shed: Toolshed, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    shed.call("desks:by_query_key", credentials={"desks": {"query_key": SECRET}})
    shed.call("desks:by_key", credentials={"desks": {"key": SECRET}})
    assert SECRET not in caplog.text


def test_threads_call_at_once_and_an_interrupt_leaves_nothing(shed: Toolshed) -> None:
    got: list[Any] = []

    def work(n: int) -> None:
        got.append(shed.call("desks:kept", {"body": [str(n)]}).structured)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(one[0]) for one in got) == list(range(32))


async def test_asynchronous_calls_run_side_by_side_and_can_be_cancelled(base_url: str) -> None:
    async with AsyncToolshed("memory:", pipeline="instant") as shed:
        await shed.add_tools(f"{base_url}/openapi.json")
        slow = asyncio.create_task(shed.call("desks:slow"))
        results = await asyncio.gather(*(shed.call("desks:kept", {"body": [str(n)]}) for n in range(16)))
        assert [result.structured for result in results] == [[str(n)] for n in range(16)]
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow


def test_closing_ends_calls_that_wait(base_url: str) -> None:
    shed = Toolshed("memory:", pipeline="instant")
    shed.add_tools(f"{base_url}/openapi.json")
    ended: list[Exception] = []

    def work() -> None:
        try:
            shed.call("desks:slow")
        # Broad: whatever ends the call is looked at in the test's own thread.
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    SLOW_BEGAN.clear()
    thread.start()
    assert SLOW_BEGAN.wait(PATIENCE_SECONDS)
    shed.close()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert isinstance(ended[0], ToolCallError)
    assert "closed" in str(ended[0])


def test_a_document_without_a_server_says_how_to_name_one(
    tmp_path: Path, base_url: str, empty: Toolshed
) -> None:
    path = tmp_path / "desks.json"
    path.write_bytes(httpx.get(f"{base_url}/openapi.json").content)
    empty.add_tools(path)
    with pytest.raises(ToolCallError, match="names no server"):
        empty.call("desks:missing")
    assert empty.call("desks:missing", server=base_url, allow_private=True).status == 404
