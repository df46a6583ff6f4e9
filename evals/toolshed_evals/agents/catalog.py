"""The catalog that agents work with: functions that work, among many definitions that do not."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from toolshed.catalog.definitions import Catalog
from toolshed.errors import ConfigurationError
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import load_dataset

_SOURCE, _DISTRACTORS = "world", "elsewhere"


def build_catalog(
    shed: Toolshed, functions: Mapping[str, Callable[..., Any]], distractors: str, n_tools: int
) -> None:
    """Index functions, and so many definitions of a data set that there are ``n_tools`` together.

    Args:
        shed: The knowledge base, empty.
        functions: The functions by name.
        distractors: Name of the data set, or its folder; which of its tools are taken is fixed by
            their names.
        n_tools: Tools in all.

    Raises:
        ConfigurationError: If the data set has too few tools, or ``n_tools`` is less than the functions.
    """
    catalog = load_dataset(distractors).catalog
    n_wanted = n_tools - len(functions)
    known = {name.casefold().replace("_", "") for name in functions}
    # One that has the very name of a function could not be told from it.
    others = [tool for tool in catalog.tools if tool.name.casefold().replace("_", "") not in known]
    if not 0 <= n_wanted <= len(others):
        raise ConfigurationError(
            f"a catalog of {n_tools:,} tools cannot be made of {len(functions)} functions and the "
            f"{len(others):,} tools of {distractors!r}; give --tools between {len(functions)} and "
            f"{len(functions) + len(others):,}, or other --distractors"
        )
    chosen = sorted(others, key=lambda tool: hashlib.sha256(tool.name.encode()).hexdigest())[:n_wanted]
    shed.add_catalogs([Catalog(catalog.source, tuple(chosen)).named(_DISTRACTORS)], skip_invalid=True)
    shed.add_tools(*functions.values(), source_name=_SOURCE)
