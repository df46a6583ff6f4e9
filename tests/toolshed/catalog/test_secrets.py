import pytest

from toolshed.catalog.secrets import has_secret_path, is_secret_name, masked


@pytest.mark.parametrize(
    "name",
    ["API_KEY", "apiKey", "GITHUB_TOKEN", "db-password", "Authorization", "X-Auth", "DEPOT_KEY", "GH_PAT"],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["author", "max_tokens", "PATH", "KEYBOARD", "zone", "patience"])
def test_other_names_are_none(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "secret", "shown"),
    [
        pytest.param("key=abcdefgh", "abcdefgh", "key=***", id="long"),
        pytest.param("xabcdefghx", "abcdefgh", "x***x", id="within-a-word"),
        pytest.param("the cat sat, concat", "cat", "the *** sat, concat", id="short-as-a-word"),
        pytest.param("a is a", "a", "a is a", id="too-short-to-be-one"),
        pytest.param("?k=p%40ss+w%2Frd", "p@ss+w/rd", "?k=p%40ss+w%2Frd", id="other-encoding"),
        pytest.param("?k=p%40ss%2Bw%2Frd", "p@ss+w/rd", "?k=***", id="encoded-for-a-url"),
        pytest.param(
            "MIIEvQIBADAN failed", "-----BEGIN\nMIIEvQIBADAN\n-----END", "*** failed", id="one-line-of-it"
        ),
    ],
)
def test_secrets_are_hidden(text: str, secret: str, shown: str) -> None:
    assert masked(text, [secret]) == shown


@pytest.mark.parametrize(
    ("url", "is_secret"),
    [
        ("https://a.example/mcp", False),
        ("https://a.example/api/v2/customers", False),
        ("mcp+https://a.example/s/8f14e45fceea167a5a36dedd4bea2543/mcp", True),
        ("https://a.example/s/Zm9vYmFyYmF6cXV4MTIz%3D", True),
    ],
)
def test_a_path_that_holds_a_key_is_known_by_its_looks(url: str, is_secret: bool) -> None:
    assert has_secret_path(url) is is_secret
