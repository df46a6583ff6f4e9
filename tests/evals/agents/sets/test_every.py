"""The tasks: their checks hold once a task is done, and not before."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from toolshed_evals.agents.checks import NO_TOOL
from toolshed_evals.agents.functions.every import functions_of
from toolshed_evals.agents.sets.every import TASKS
from toolshed_evals.agents.tasks import Task, changes, solve
from toolshed_evals.agents.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("agents") / "world")


@pytest.fixture(scope="module")
def functions(world: World) -> Any:
    return functions_of(world)


def test_there_are_enough_of_every_kind() -> None:
    kinds = Counter(task.kind for task in TASKS)
    assert len({task.task_id for task in TASKS}) == len(TASKS) >= 60
    assert min(kinds["single"], kinds["multi"], kinds["none"]) >= 12


@pytest.mark.parametrize("task", [pytest.param(task, id=task.task_id) for task in TASKS])
def test_a_task_is_solved_by_its_solution_alone(task: Task, world: World, functions: Any) -> None:
    world.reset()
    before = world.snapshot()
    wrong_answer = "Done." if task.kind == "none" else NO_TOOL
    assert not task.solved(world, wrong_answer, frozenset(), frozenset())
    given = solve(task, functions)
    changed = changes(before, world.snapshot())
    answer = str(given[-1]) if given else NO_TOOL
    assert task.solved(world, answer, changed, changed)
    # Nothing else may have been done on the way.
    assert not task.solved(world, answer, changed | {"devices", "files", "accounts", "rates"}, changed)


def test_tools_of_solutions_leave_the_world_as_it_was_where_they_only_read(
    world: World, functions: Any
) -> None:
    world.reset()
    before = world.snapshot()
    functions["find_contact"]("Ana Sousa")
    functions["read_file"]("report.txt")
    assert changes(before, world.snapshot()) == frozenset()
    assert functions["convert_currency"](10, "EUR", "USD") == pytest.approx(11)


def test_the_world_keeps_to_its_folder(world: World, functions: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x")
    with pytest.raises(ValueError, match="not in the folder"):
        functions["read_file"](str(tmp_path / "secret.txt"))
