"""Where arguments go in a request: places, styles, bodies, servers. Examples of OpenAPI 3.1, 4.8.12.4."""

import json
from email import message_from_bytes
from typing import Any

import httpx
import pytest

from toolshed.calling.openapi_requests import OperationRequest, operation_request, server_address
from toolshed.errors import InvalidArgumentsError, NotCallableError
from toolshed.types import ToolDefinition

SERVER = httpx.URL("https://desks.example/v2")
LIST = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200}


def operation(
    arguments: dict[str, Any], *, path: str = "/desks", method: str = "GET", location: str = "", **said: Any
) -> ToolDefinition:
    properties = said.pop("properties", {name: {} for name in arguments})
    binding = {"kind": "openapi", "method": method, "path": path, "arguments": arguments, **said}
    return ToolDefinition(
        "op", parameters={"type": "object", "properties": properties}, binding=binding, location=location
    )


def sent(tool: ToolDefinition, **arguments: Any) -> httpx.Request:
    return operation_request(tool, arguments).to_httpx(SERVER)


@pytest.mark.parametrize(
    ("how", "value", "written"),
    [
        ({}, "blue", "blue"),
        ({}, LIST, "blue,black,brown"),
        ({}, OBJECT, "R,100,G,200"),
        ({"explode": True}, OBJECT, "R=100,G=200"),
        ({"style": "label"}, "blue", ".blue"),
        ({"style": "label"}, LIST, ".blue,black,brown"),
        ({"style": "label", "explode": True}, LIST, ".blue.black.brown"),
        ({"style": "label", "explode": True}, OBJECT, ".R=100.G=200"),
        ({"style": "matrix"}, "blue", ";color=blue"),
        ({"style": "matrix"}, LIST, ";color=blue,black,brown"),
        ({"style": "matrix", "explode": True}, LIST, ";color=blue;color=black;color=brown"),
        ({"style": "matrix"}, OBJECT, ";color=R,100,G,200"),
        ({"style": "matrix", "explode": True}, OBJECT, ";R=100;G=200"),
        ({}, "a/b?c#d é", "a%2Fb%3Fc%23d%20%C3%A9"),
        ({}, "%2e%2e", "%252e%252e"),
        ({}, 3, "3"),
        ({}, True, "true"),
    ],
)
def test_styles_in_the_path(how: dict[str, Any], value: Any, written: str) -> None:
    tool = operation({"c": {"in": "path", "name": "color", **how}}, path="/colors/{color}/x")
    assert sent(tool, c=value).url.raw_path.decode() == f"/v2/colors/{written}/x"


@pytest.mark.parametrize(
    ("how", "value", "written"),
    [
        ({}, "", "color="),
        ({}, "blue", "color=blue"),
        ({}, LIST, "color=blue&color=black&color=brown"),
        ({"explode": False}, LIST, "color=blue,black,brown"),
        ({}, OBJECT, "R=100&G=200"),
        ({"explode": False}, OBJECT, "color=R,100,G,200"),
        ({"style": "spaceDelimited", "explode": False}, LIST, "color=blue%20black%20brown"),
        ({"style": "pipeDelimited", "explode": False}, LIST, "color=blue%7Cblack%7Cbrown"),
        ({"style": "pipeDelimited", "explode": True}, LIST, "color=blue&color=black&color=brown"),
        ({"style": "tabDelimited", "explode": False}, LIST, "color=blue%09black%09brown"),
        ({"style": "deepObject"}, OBJECT, "color%5BR%5D=100&color%5BG%5D=200"),
        (
            {"style": "deepObject"},
            {"a": {"b": [1, 2]}},
            "color%5Ba%5D%5Bb%5D%5B0%5D=1&color%5Ba%5D%5Bb%5D%5B1%5D=2",
        ),
        ({"content": "application/json"}, OBJECT, "color=%7B%22R%22%3A100%2C%22G%22%3A200%7D"),
        ({}, "a&b=c", "color=a%26b%3Dc"),
        ({"allowReserved": True}, "a/b:c&d", "color=a/b:c%26d"),
        ({}, False, "color=false"),
        ({}, 1.5, "color=1.5"),
        ({}, None, ""),
        ({}, [], ""),
    ],
)
def test_styles_in_the_query(how: dict[str, Any], value: Any, written: str) -> None:
    tool = operation({"c": {"in": "query", "name": "color", **how}})
    assert sent(tool, c=value).url.query.decode() == written


def test_headers_and_cookies() -> None:
    tool = operation(
        {
            "a": {"in": "header", "name": "X-List"},
            "b": {"in": "header", "name": "X-Object", "explode": True},
            "c": {"in": "cookie", "name": "session id"},
            "d": {"in": "cookie", "name": "list", "explode": False},
            "e": {"in": "header", "name": "X-Name"},
        }
    )
    request = sent(tool, a=LIST, b=OBJECT, c="x;y", d=LIST, e="José")
    assert request.headers["x-list"] == "blue,black,brown"
    assert request.headers["x-object"] == "R=100,G=200"
    assert request.headers["cookie"] == "session%20id=x%3By; list=blue,black,brown"
    assert dict(request.headers.raw)[b"x-name"] == "José".encode()


def test_an_argument_goes_where_the_binding_says_whatever_its_name() -> None:
    tool = operation(
        {
            "path_id": {"in": "path", "name": "id"},
            "query_id": {"in": "query", "name": "id"},
            "body_id": {"in": "body", "name": "id"},
        },
        path="/desks/{id}",
        method="POST",
        body={"media_type": "application/json", "required": True},
    )
    request = sent(tool, path_id=1, query_id=2, body_id=3)
    assert (str(request.url), request.content) == ("https://desks.example/v2/desks/1?id=2", b'{"id":3}')
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("value", ["", ".", "..", None])
def test_a_value_that_would_change_the_path_is_refused(value: Any) -> None:
    tool = operation({"id": {"in": "path", "name": "id"}}, path="/desks/{id}")
    with pytest.raises(InvalidArgumentsError, match="would change the path; nothing was sent"):
        sent(tool, id=value)


def test_a_place_of_the_path_without_a_value_is_an_error() -> None:
    with pytest.raises(InvalidArgumentsError, match="needs a value for 'id'"):
        sent(operation({}, path="/desks/{id}"))


@pytest.mark.parametrize("path", ["/desks/{+id}", "/desks/{id*}", "/desks/{id}"])
def test_operators_of_templates_are_read(path: str) -> None:
    assert sent(operation({"id": {"in": "path", "name": "id"}}, path=path), id="a").url.path == "/v2/desks/a"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/a?Action=List#Target", "https://desks.example/v2/a?Action=List&n=1"),
        ("/a b/é", "https://desks.example/v2/a%20b/%C3%A9?n=1"),
        ("/a:batch", "https://desks.example/v2/a:batch?n=1"),
        ("", "https://desks.example/v2/?n=1"),
    ],
)
def test_paths_are_sent_as_the_document_writes_them(path: str, url: str) -> None:
    assert str(sent(operation({"n": {"in": "query", "name": "n"}}, path=path), n=1).url) == url


def test_arguments_without_a_place_are_refused() -> None:
    with pytest.raises(InvalidArgumentsError, match="no place for 'b'; it takes 'a'; nothing was sent"):
        sent(operation({"a": {"in": "query", "name": "a"}}), b=1)


@pytest.mark.parametrize("text", ["a\r\nX-Admin: 1", "a\nb", "a\x00"])
def test_a_header_holds_no_line_breaks(text: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="holds no line breaks"):
        sent(operation({"a": {"in": "header", "name": "X-A"}}), a=text)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "a b", "a\r\nb", ""])
def test_headers_that_no_tool_may_set_are_refused(name: str) -> None:
    with pytest.raises(NotCallableError, match="which no tool may set"):
        sent(operation({"a": {"in": "header", "name": name}}), a="x")


def test_a_method_that_is_none_is_refused() -> None:
    with pytest.raises(NotCallableError, match="does not have"):
        sent(operation({}, method="GET / HTTP/1.1\r\n"))


def body(media_type: str, value: Any) -> httpx.Request:
    said = {"media_type": media_type, "required": True, "argument": "body"}
    return sent(operation({"body": {"in": "body", "name": "body"}}, method="PUT", body=said), body=value)


@pytest.mark.parametrize(
    ("media_type", "value", "content"),
    [
        ("application/json", [1, {"a": "é"}], '[1,{"a":"é"}]'.encode()),
        ("application/json", "text", b'"text"'),
        ("application/json", None, b"null"),
        ("application/merge-patch+json", {"a": None}, b'{"a":null}'),
        ("text/plain", "hello", b"hello"),
        ("text/plain", 3, b"3"),
        ("application/xml", "<a/>", b"<a/>"),
        ("application/octet-stream", "data:image/png;base64,AAE=", b"\x00\x01"),
        ("application/octet-stream", "raw", b"raw"),
        ("application/x-www-form-urlencoded", {"a": "1 2", "b": [1, 2]}, b"a=1+2&b=1&b=2"),
    ],
)
def test_whole_bodies(media_type: str, value: Any, content: bytes) -> None:
    request = body(media_type, value)
    assert (request.content, request.headers["content-type"]) == (content, media_type)


@pytest.mark.parametrize(("media_type", "value"), [("application/xml", {"a": 1}), ("image/png", [1])])
def test_what_cannot_be_written_in_a_media_type_is_refused(media_type: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentsError, match="is written as text, or as a data: URI"):
        body(media_type, value)


def test_broken_base64_is_refused() -> None:
    with pytest.raises(InvalidArgumentsError, match="no base64"):
        body("application/octet-stream", "data:image/png;base64,A")


def fields(
    media_type: str, *, properties: dict[str, Any] | None = None, **how: dict[str, Any]
) -> ToolDefinition:
    arguments = {name: {"in": "body", "name": name, **said} for name, said in how.items()}
    return operation(
        arguments,
        method="POST",
        body={"media_type": media_type},
        properties=properties or {name: {} for name in arguments},
    )


def test_forms_write_each_field_in_its_style() -> None:
    tool = fields(
        "application/x-www-form-urlencoded",
        a={},
        b={},
        c={"style": "deepObject", "explode": True},
        d={"explode": False},
    )
    request = sent(tool, a="x y&z", b={"k": 1}, c={"k": {"l": 1}}, d=[1, 2])
    assert request.content == b"a=x+y%26z&b=%7B%22k%22%3A1%7D&c%5Bk%5D%5Bl%5D=1&d=1,2"


def test_multipart_forms_hold_texts_json_and_files() -> None:
    binary = {"type": "string", "format": "binary"}
    tool = fields(
        "multipart/form-data",
        properties={
            "note": {},
            "meta": {},
            "file": binary,
            "pages": {"type": "array", "items": binary},
            "table": {},
        },
        note={},
        meta={},
        file={},
        pages={},
        table={"content": "text/csv"},
    )
    request = sent(
        tool,
        note='say "hi"\r\n--x',
        meta={"a": 1},
        file="data:image/png;base64,AAH/",
        pages=["one", "two"],
        table="a,b",
    )
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parts = message_from_bytes(head + request.content).get_payload()
    read = [
        (
            part.get_param("name", header="content-disposition"),
            part.get_content_type(),
            part.get_filename(),
            part.get_payload(decode=True),
        )
        for part in parts  # type: ignore[union-attr]  # it is multipart
    ]
    assert read == [
        ("note", "text/plain", None, b'say "hi"\r\n--x'),
        ("meta", "application/json", None, b'{"a":1}'),
        ("file", "image/png", "file", b"\x00\x01\xff"),
        ("pages", "application/octet-stream", "pages", b"one"),
        ("pages", "application/octet-stream", "pages", b"two"),
        ("table", "text/csv", None, b"a,b"),
    ]


def test_an_optional_body_without_fields_is_not_sent() -> None:
    optional = fields("application/json", a={})
    assert sent(optional).content == b""
    assert "content-type" not in sent(optional).headers
    required = operation({}, method="POST", body={"media_type": "application/json", "required": True})
    assert sent(required).content == b"{}"


@pytest.mark.parametrize(
    ("servers", "location", "chosen", "address"),
    [
        ([{"url": "https://a.example/v1"}, {"url": "http://b.example"}], "", None, "https://a.example/v1"),
        (
            [{"url": "https://{r}.a.example", "variables": {"r": {"default": "eu"}}}],
            "",
            None,
            "https://eu.a.example",
        ),
        ([{"url": "https://{r}.a.example", "variables": {"r": "eu"}}], "", None, "https://eu.a.example"),
        ([{"url": "/v1"}], "https://docs.example/x/openapi.json", None, "https://docs.example/v1"),
        ([{"url": "v1"}], "https://docs.example/x/openapi.json", None, "https://docs.example/x/v1"),
        ([], "https://docs.example/x/openapi.json", None, "https://docs.example/"),
        ([{"url": "/v1"}], "/home/ana/openapi.json", "http://localhost:1/v1", "http://localhost:1/v1"),
        ([{"url": "https://ana:secret@a.example"}], "", None, "https://a.example"),
    ],
)
def test_the_server_is_the_first_that_is_named(
    servers: list[dict[str, Any]], location: str, chosen: str | None, address: str
) -> None:
    assert str(server_address(operation({}, servers=servers, location=location), chosen)) == address


@pytest.mark.parametrize(
    ("servers", "said"),
    [
        ([{"url": "/v1"}], "names no server; index it from its URL, or say which one by server="),
        ([{"url": "https://{r}.a.example"}], "says no value for 'r'"),
        ([{"url": "ftp://a.example"}], "names no server"),
        ([{"url": "https://"}], "must be http"),
        ([{"url": "https://[::"}], "is no address"),
        (None, "names no server"),
        ("x", "names no server"),
    ],
)
def test_without_an_address_it_is_said_how_to_give_one(servers: Any, said: str) -> None:
    with pytest.raises(NotCallableError, match=said):
        server_address(operation({}, servers=servers, location="/x/openapi.json"), None)


def test_a_request_shows_no_body_type_of_its_own() -> None:
    request = OperationRequest("GET", "/a").to_httpx(SERVER)
    assert json.loads(json.dumps(dict(request.headers)))["accept-encoding"] == "gzip"
    assert "content-length" not in request.headers
