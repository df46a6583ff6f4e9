"""Price files: what is wrong in one is said with what would be right."""

from pathlib import Path

import pytest

from toolshed.economics.prices.price_file import read_price_file
from toolshed.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            "models: {a: [{input_mtk: 1, output_mtok: 2}]}", "did you mean 'input_mtok'", id="misspelt"
        ),
        pytest.param(
            "models: {a: [{input_mtok: -1, output_mtok: 2}]}", "greater than or equal", id="negative"
        ),
        pytest.param("models: {a: [{input_mtok: 1}]}", "give input_mtok and output_mtok", id="half-a-price"),
        pytest.param("modles: {}", "did you mean 'models'", id="misspelt-section"),
        pytest.param("{currency: EUR}", "usd_per_unit", id="currency-without-rate"),
        pytest.param("- a", "must hold a mapping", id="list"),
        pytest.param("models: [", "cannot be read", id="not-yaml"),
    ],
)
def test_a_wrong_price_file_says_what_would_be_right(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        read_price_file(path)


def test_a_missing_price_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml"):
        read_price_file(tmp_path / "nowhere.yaml")
