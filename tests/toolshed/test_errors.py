"""The tree of errors: each class says its code and its status, and the drawing holds them all."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import toolshed
import toolshed_api
import toolshed_evals
import toolshed_indexer
from toolshed import errors
from toolshed.errors import ConfigurationError, ToolshedError, missing_extra

# A fault of whoever runs the service, or one that nobody named: the caller can do nothing about it.
FAULTS = {ToolshedError, ConfigurationError}


def all_errors(kind: type[ToolshedError] = ToolshedError) -> Iterator[type[ToolshedError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from all_errors(child)


def all_errors_of_the_distribution() -> list[type[ToolshedError]]:
    """Also those that stand beside their code, which importing it brings."""
    for package in (toolshed, toolshed_api, toolshed_evals, toolshed_indexer):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    return [error for error in all_errors() if error.__module__.startswith("toolshed")]


def test_every_error_states_a_code_of_its_own_and_a_status() -> None:
    found = all_errors_of_the_distribution()
    assert len({error.code for error in found}) == len(found) > 20
    for error in found:
        assert {"code", "http_status"} <= vars(error).keys(), error
        assert 400 <= error.http_status < 600


def test_only_faults_of_the_service_are_internal_errors() -> None:
    assert {error for error in all_errors_of_the_distribution() if error.http_status == 500} == FAULTS


def test_the_drawing_names_every_class_below_its_base_with_its_status() -> None:
    drawn: dict[str, tuple[int, int]] = {}
    for line in (errors.__doc__ or "").splitlines()[2:]:
        name, status, *_ = line.lstrip("├└─│ ").split()
        drawn[name] = (len(line) - len(line.lstrip("├└─│ "))) // 4, int(status)
    here = [error for error in all_errors() if error.__module__ == errors.__name__]
    assert drawn == {error.__name__: (len(error.__mro__) - 4, error.http_status) for error in here}


def test_a_missing_extra_says_how_to_install_it_from_the_checkout() -> None:
    with pytest.raises(ConfigurationError, match=r"^mcp is not installed; .* run: pip install '\.\[mcp\]'$"):
        raise missing_extra("mcp", "mcp")
