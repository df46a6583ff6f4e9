"""What agents are asked to do: requests, how each can be done, and what must be so afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolshed_evals.agents.checks import NO_TOOL, Check
from toolshed_evals.agents.world import World

TaskKind = Literal["single", "multi", "none"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """Stands for what an earlier call of a solution gave.

    Attributes:
        call: Which call, from 0.
        field: Which field of what it gave; its first item where it gave several, all of it where empty.
    """

    call: int
    field: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A request with its check.

    Attributes:
        task_id: What it is called in tables.
        request: What the user says.
        solution: Calls that do it, one of the ways to; nobody who is measured is shown them. None where no
            tool does.
        checks: What must be so afterwards.
    """

    task_id: str
    request: str
    solution: Sequence[tuple[str, Mapping[str, Any]]] = ()
    checks: Sequence[Check] = ()

    @property
    def kind(self) -> TaskKind:
        """Whether it takes one call, several, or cannot be done."""
        return "none" if not self.solution else "single" if len(self.solution) == 1 else "multi"

    @property
    def tools(self) -> list[str]:
        """Names of the functions of the solution."""
        return list(dict.fromkeys(name for name, _ in self.solution))

    def solved(self, world: World, answer: str, changed: frozenset[str], allowed: frozenset[str]) -> bool:
        """Whether an agent has done it, by what it left behind and said.

        Args:
            world: The world afterwards.
            answer: What the agent said last.
            changed: Parts of the world that are not as they were.
            allowed: Parts of the world that the solution changes: no others may have.
        """
        if not changed <= allowed:
            return False
        if self.kind == "none":
            return NO_TOOL in answer
        return all(check(world, answer) for check in self.checks)


def solve(task: Task, functions: Mapping[str, Any]) -> list[Any]:
    """Do a task by its solution; returns what each call gave."""
    given: list[Any] = []
    for name, arguments in task.solution:
        taken = {key: _value(value, given) for key, value in arguments.items()}
        given.append(functions[name](**taken))
    return given


def _value(value: Any, given: Sequence[Any]) -> Any:
    if not isinstance(value, Earlier):
        return value
    found = given[value.call]
    found = found[0] if isinstance(found, list) and value.field else found
    return found[value.field] if value.field else found


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> frozenset[str]:
    """The parts of two snapshots of a world that differ."""
    return frozenset(name for name in before if before[name] != after[name])
