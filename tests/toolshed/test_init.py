import sys

import pytest

import toolshed
from toolshed.errors import ConfigurationError


def test_every_public_name_can_be_had() -> None:
    for name in toolshed.__all__:
        assert getattr(toolshed, name).__name__ == name


def test_a_name_whose_extra_is_missing_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for module in [name for name in sys.modules if name.startswith("toolshed.economics")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(ConfigurationError, match=r"^sqlalchemy.* is not installed.*'\.\[economics\]'$"):
        _ = toolshed.Budget
