import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from toolshed.catalog.openapi import operation_name, parse_openapi
from toolshed.errors import SourceError


def document(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "Pet store", "version": "1"}, "paths": paths, **more}


PETS = document(
    {
        "/pets/{petId}": {
            "parameters": [{"$ref": "#/components/parameters/PetId"}],
            "get": {
                "operationId": "getPet",
                "summary": "Find a pet",
                "description": "Looks a pet up by its number.",
                "tags": ["pets"],
            },
            "put": {
                "summary": "Change a pet.",
                "description": "Change a pet. All fields are replaced.",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                },
            },
        },
        "/pets/import": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"text/csv": {"schema": {"type": "string", "description": "Rows"}}},
                }
            }
        },
    },
    components={
        "parameters": {
            "PetId": {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
        },
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "parent": {"$ref": "#/components/schemas/Pet"},
                },
            }
        },
    },
)


def test_every_operation_is_a_tool() -> None:
    catalog = parse_openapi(PETS)
    assert catalog.invalid == ()
    assert [tool.tool_id for tool in catalog.tools] == [
        "Pet-store:getPet",
        "Pet-store:PUT /pets/{petId}",
        "Pet-store:POST /pets/import",
    ]


def test_summary_and_description_are_joined_without_repetition() -> None:
    get, put, post = parse_openapi(PETS).tools
    assert get.description == "Find a pet. Looks a pet up by its number."
    assert put.description == "Change a pet. All fields are replaced."
    assert post.description == "POST /pets/import"


def test_references_are_written_out_and_cycles_cut() -> None:
    put = parse_openapi(PETS).tools[1]
    assert put.parameters["required"] == ["petId", "name"]
    assert put.parameters["properties"]["petId"] == {"type": "integer"}
    assert put.parameters["properties"]["parent"] == {"type": "object"}


def test_a_body_that_is_no_object_is_one_argument() -> None:
    post = parse_openapi(PETS).tools[2]
    assert post.parameters == {
        "type": "object",
        "properties": {"body": {"type": "string", "description": "Rows"}},
        "required": ["body"],
    }


def test_method_and_path_are_kept_for_calling() -> None:
    get = parse_openapi(PETS).tools[0]
    assert get.annotations == {"method": "GET", "path": "/pets/{petId}", "readOnlyHint": True}
    assert get.tags == ("pets",)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("get", "/movie/{id}/credits", "get_movie_credits"),
        ("post", "/", "post"),
        ("delete", "/v1/user-groups/{g}", "delete_v1_user_groups"),
    ],
)
def test_operations_without_id_are_named_by_method_and_path(method: str, path: str, expected: str) -> None:
    assert operation_name(method, path) == expected


def test_one_tool_of_a_huge_self_referring_document_stays_small() -> None:
    schemas = {
        f"S{n}": {
            "type": "object",
            "properties": {
                f"p{m}": {"$ref": f"#/components/schemas/S{(n * 7 + m) % 300}"} for m in range(12)
            },
        }
        for n in range(300)
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}
    paths = {f"/r{n}": {"post": {"requestBody": body}} for n in range(15)}
    catalog = parse_openapi(document(paths, components={"schemas": schemas}))
    assert catalog.invalid == ()
    assert len(catalog.tools) == 15


@pytest.mark.parametrize(
    ("given_document", "message"),
    [
        pytest.param({"swagger": "1.2", "paths": {"/": {}}}, "Swagger '1.2' is not supported", id="swagger"),
        pytest.param({"openapi": "4.0.0", "paths": {"/": {}}}, "'4.0.0' is not supported", id="version-4"),
        pytest.param({"openapi": "3.0.0"}, "has no paths", id="no-paths"),
        pytest.param({"openapi": "3.0.0", "paths": []}, "has no paths", id="paths-is-a-list"),
    ],
)
def test_documents_that_cannot_be_read_say_why(given_document: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_openapi(given_document)


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        pytest.param("text", "the operation is of type str", id="operation-is-text"),
        pytest.param({"parameters": [{"in": "query"}]}, "a parameter has no name", id="nameless-parameter"),
        pytest.param(
            {"parameters": {"name": "x"}}, "'parameters' is of type dict", id="parameters-is-an-object"
        ),
        pytest.param({"parameters": ["x"]}, "a parameter is of type str", id="parameter-is-text"),
        pytest.param({"requestBody": "x"}, "'requestBody' is of type str", id="body-is-text"),
        pytest.param(
            {"requestBody": {"content": {"a/b": 3}}}, "a media type is of type int", id="media-is-a-number"
        ),
        pytest.param({"tags": "x"}, "'tags' is of type str", id="tags-is-text"),
        pytest.param({"operationId": ["x"]}, "the name is of type list", id="id-is-a-list"),
        pytest.param(
            {"parameters": [{"$ref": "#/components/parameters/Gone"}]},
            "leads nowhere",
            id="dangling-reference",
        ),
    ],
)
def test_a_bad_operation_is_set_apart_with_method_and_path(operation: Any, reason: str) -> None:
    catalog = parse_openapi(document({"/bad": {"get": operation}, "/good": {"get": {}}}))
    assert [tool.name for tool in catalog.tools] == ["get_good"]
    (entry,) = catalog.invalid
    assert entry.position == "GET /bad"
    assert reason in entry.reason


def test_references_to_other_documents_are_refused_not_fetched() -> None:
    paths = {"/x": {"get": {"parameters": [{"$ref": "https://example.invalid/params.json#/A"}]}}}
    catalog = parse_openapi(document(paths))
    assert catalog.tools == ()
    assert "bundle it into one file" in catalog.invalid[0].reason


def test_a_path_that_refers_to_another_document_is_set_apart() -> None:
    catalog = parse_openapi(document({"/bad": {"$ref": "other.json#/x"}, "/good": {"get": {}}}))
    assert [tool.name for tool in catalog.tools] == ["get_good"]
    assert catalog.invalid[0].position == "/bad"
    assert "bundle it into one file" in catalog.invalid[0].reason


KEYS = (
    "get parameters requestBody content schema application/json text/xml $ref name in required properties "
    "allOf anyOf items type servers url variables security components securitySchemes responses 200 tags "
    "operationId encoding style example examples deprecated consumes schemes host additionalOperations"
).split()
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["path", "query", "header", "body", "formData", "string", "#/paths/~1x", "https://a.example"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=30,
)


@given(
    ANY_JSON,
    st.dictionaries(st.sampled_from(["servers", "security", "components", "tags", "info", "host"]), ANY_JSON),
    st.sampled_from([{"openapi": "3.0.1"}, {"openapi": "3.1.0"}, {"swagger": "2.0"}]),
)
def test_no_malformed_path_item_escapes_as_another_error(
    item: Any, around: dict[str, Any], version: dict[str, Any]
) -> None:
    with contextlib.suppress(SourceError):
        for tool in parse_openapi({**around, **version, "paths": {"/x": item, "/y": {"get": item}}}).tools:
            Draft202012Validator.check_schema(tool.parameters)


def test_a_document_that_comes_to_too_much_costs_the_operations_that_do() -> None:
    choices = {"type": "string", "enum": ["x"] * 30_000}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
    paths = {"/first": {"get": {}}} | {f"/r{n}": {"post": {"requestBody": body}} for n in range(100)}
    catalog = parse_openapi(document(paths, components={"schemas": {"A": choices}}))
    assert [tool.name for tool in catalog.tools[:2]] == ["get_first", "post_r0"]
    assert len(catalog.tools) + len(catalog.invalid) == 101
    assert "references written out; split it" in catalog.invalid[-1].reason


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        pytest.param({"$ref": "#/components/x/A"}, "leads round in a circle", id="circle"),
        pytest.param({"$ref": "#/components/x/A/b/c"}, "leads round in a circle", id="circle-on-the-way"),
        pytest.param({"$ref": "#/" + "a" * 3_000}, "3,002 characters", id="endless"),
        pytest.param({"get": {"tags": ["t"] * 101}}, "at most 100 are allowed", id="tags"),
    ],
)
def test_a_path_that_cannot_be_followed_is_set_apart(item: Any, reason: str) -> None:
    components = {"x": {"A": {"$ref": "#/components/x/B"}, "B": {"$ref": "#/components/x/A"}}}
    catalog = parse_openapi(document({"/bad": item, "/good": {"get": {}}}, components=components))
    assert [tool.name for tool in catalog.tools] == ["get_good"]
    assert reason in catalog.invalid[0].reason


def test_references_lead_through_references_lists_and_escaped_keys() -> None:
    components = {
        "schemas": {"a/b": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "C": {"$ref": "#/x~1y/0"}},
    }
    parameters = [
        {"name": "one", "schema": {"$ref": "#/components/schemas/a~1b/anyOf/1"}},
        {"name": "two", "schema": {"$ref": "#/components/schemas/C/anyOf/0"}},
        {"name": "three", "schema": {"properties": {"$ref": {"type": "null"}}}},
    ]
    given = document(
        {"/x": {"get": {"parameters": parameters}}},
        components=components,
        **{"x/y": [{"$ref": "#/components/schemas/a%7E1b"}]},
    )
    (tool,) = parse_openapi(given).tools
    assert tool.parameters["properties"] == {
        "one": {"type": "integer"},
        "two": {"type": "string"},
        "three": {"properties": {"$ref": {"type": "null"}}},
    }


def test_required_names_only_what_has_a_name() -> None:
    schema = {"properties": {"a": {}}, "required": ["a", ["b"], 3]}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    (tool,) = parse_openapi(document({"/x": {"post": {"requestBody": body}}})).tools
    assert tool.parameters["required"] == ["a"]


def test_operations_of_one_id_are_told_apart_by_method_and_path() -> None:
    paths = {
        "/desks": {"get": {"operationId": "list", "summary": "List desks"}},
        "/chairs": {"get": {"operationId": "list"}, "put": {"operationId": "put"}},
    }
    catalog = parse_openapi(document(paths))
    assert catalog.invalid == ()
    assert [tool.name for tool in catalog.tools] == ["list", "list", "put"]
    assert [tool.tool_id.partition(":")[2] for tool in catalog.tools] == ["GET /desks", "GET /chairs", "put"]


def test_an_id_that_yaml_takes_for_a_number_is_a_name() -> None:
    (tool,) = parse_openapi(document({"/a": {"get": {"operationId": 12, "summary": 7}}})).tools
    assert (tool.name, tool.tool_id, tool.description) == ("12", "Pet-store:12", "7.")


def test_calls_to_us_are_no_tools() -> None:
    hook = {"post": {"operationId": "told"}}
    paths = {"/a": {"get": {"callbacks": {"told": {"{$request.body#/url}": hook}}}}, "x-b": {"get": {}}}
    assert [tool.name for tool in parse_openapi(document(paths, webhooks={"told": hook})).tools] == ["get_a"]


def test_the_document_and_its_tags_say_what_the_service_is_for() -> None:
    tags = [{"name": "birds", "description": "All about birds."}, {"name": "fish", "description": "Fish."}]
    given = document({"/a": {"get": {"tags": ["birds"]}}}, tags=tags)
    given["info"]["description"] = "A zoo. " * 1_000
    (tool,) = parse_openapi(given).tools
    assert tool.service == "Pet store"
    assert tool.service_description.startswith("A zoo. A zoo.")
    assert tool.service_description.endswith(" A…\nbirds: All about birds.")
    assert len(tool.service_description) < 1_500


def test_what_is_out_of_date_says_so() -> None:
    said = {"get": {"summary": "Old one"}, "put": {"summary": "Deprecated one"}}
    item = {method: {**operation, "deprecated": True} for method, operation in said.items()}
    old, known = parse_openapi(document({"/a": item})).tools
    assert old.description == "Old one (deprecated)."
    assert known.description == "Deprecated one."
    assert old.annotations["deprecated"] is True


def test_a_path_describes_the_operations_that_do_not_describe_themselves() -> None:
    item = {"summary": "Of the path", "get": {}, "put": {"summary": "Of its own"}}
    assert [tool.description for tool in parse_openapi(document({"/a": item})).tools] == [
        "Of the path.",
        "Of its own.",
    ]


@pytest.mark.parametrize(
    ("responses", "field"),
    [
        pytest.param({"default": "error", "201": "made", "204": None}, "made", id="success"),
        pytest.param({"202": "later", "200": "now"}, "now", id="lowest"),
        pytest.param({"2XX": "any", "404": "error"}, "any", id="range"),
        pytest.param({"default": "any"}, "any", id="only-one"),
        pytest.param({"default": "error", "404": "error"}, None, id="none"),
    ],
)
def test_the_result_is_what_success_answers(responses: dict[str, str | None], field: str | None) -> None:
    given = {
        status: {"content": {"application/json": {"schema": {"properties": {name: {}}}}}} if name else {}
        for status, name in responses.items()
    }
    (tool,) = parse_openapi(document({"/a": {"get": {"responses": given}}})).tools
    assert tool.output_schema == ({"type": "object", "properties": {field: {}}} if field else None)


def test_methods_of_openapi_3_2_are_operations_too() -> None:
    item = {"query": {}, "additionalOperations": {"PURGE": {}}}
    catalog = parse_openapi(document({"/a": item}) | {"openapi": "3.2.0"})
    assert [tool.annotations["method"] for tool in catalog.tools] == ["QUERY", "PURGE"]
    assert [tool.name for tool in catalog.tools] == ["query_a", "purge_a"]


def test_what_tells_paths_apart_only_is_not_sent() -> None:
    (tool,) = parse_openapi(document({"/#Action=Stop": {"post": {}}})).tools
    assert tool.binding is not None
    assert tool.binding["path"] == "/"


def test_operations_may_stand_beside_a_reference_to_shared_ones() -> None:
    item = {"$ref": "#/components/pathItems/Shared", "put": {"summary": "Own"}}
    shared = {"Shared": {"get": {}, "put": {"summary": "Shared"}}}
    catalog = parse_openapi(document({"/a": item}, components={"pathItems": shared}))
    assert [tool.description for tool in catalog.tools] == ["GET /a", "Own."]
