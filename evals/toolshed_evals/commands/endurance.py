"""``toolshed eval endurance``."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from toolshed.commands.output import print_json, progress_bar, say

if TYPE_CHECKING:
    from toolshed_evals.endurance.trials import Outcome

_PROCESSES = (2, 4, 8)


@click.command()
@click.argument(
    "kinds",
    nargs=-1,
    type=click.Choice(["races", "kills", "damage", "service", "clients", "threads", "strings"]),
)
@click.option(
    "--trials",
    default=50,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Races of 2, 4 and 8 processes in turn; kills.",
)
@click.option(
    "--places",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Flips, and cuts, of every file.",
)
@click.option(
    "--writes",
    default=200,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Writes at once to the service that is killed.",
)
@click.option(
    "--seconds",
    default=60,
    show_default=True,
    type=click.IntRange(1, 86_400),
    help="Of an attack by slow clients; of many threads.",
)
@click.option("--seed", default=0, show_default=True, help="What moments and places are drawn with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def endurance(
    kinds: tuple[str, ...],
    trials: int,
    places: int,
    writes: int,
    seconds: int,
    seed: int,
    as_json: bool,
) -> None:
    """Race, kill and damage knowledge bases of the embedded engine, and count what is lost.

    KINDS are races (processes that create one folder, index and remove at once), kills (kill -9 of every kind
    of writer, two in five inside a write), damage (every file flipped and cut), service (kill -9 of a
    service that many write to, and a start anew), clients (slow ones and endless bodies; the control is the
    same attack on another server), threads (32 that search and report while tools are indexed and removed,
    against one thread afterwards) and strings (57 hostile ones in each of 30 places that take text, in CPU
    time); the first three when none is given.
    The exit code is 1 when something was lost, or wrong without a word.

    \b
    Example:
      toolshed eval endurance kills --trials 50
    """
    outcomes: dict[str, Outcome] = {}
    with TemporaryDirectory(prefix="toolshed-") as folder:
        for kind in kinds or ("races", "kills", "damage"):
            with progress_bar(kind, show=not as_json) as advance:
                for n, (name, outcome) in enumerate(
                    _trials(kind, Path(folder), trials, places, writes, seconds, seed)
                ):
                    _add(outcomes, f"{kind}: {name}", outcome)
                    advance(n + 1, max(n + 1, trials))
    if as_json:
        print_json({name: _as_json(one) for name, one in outcomes.items()})
    else:
        _tell(outcomes)
    if any(one.lost for one in outcomes.values()):
        raise click.exceptions.Exit(1)


def _as_json(outcome: "Outcome") -> dict[str, Any]:
    # Any: what JSON may hold.
    return {"trials": outcome.n_trials, "answers": dict(outcome.answers), "lost": outcome.lost}


def _trials(
    kind: str, folder: Path, n_trials: int, n_places: int, n_writes: int, seconds: int, seed: int
) -> "Iterator[tuple[str, Outcome]]":
    from toolshed_evals.endurance import service, trials
    from toolshed_evals.endurance.attack import slow_clients
    from toolshed_evals.endurance.damage import damage
    from toolshed_evals.endurance.strings import strings
    from toolshed_evals.endurance.threads import threads

    if kind == "kills":
        yield from trials.kills(folder, n_trials, seed=seed)
    elif kind == "service":
        yield from service.service_kills(folder, n_trials, n_writes=n_writes, seed=seed)
    elif kind == "clients":
        yield from slow_clients(folder / "clients", seconds=seconds)
    elif kind == "threads":
        yield from threads(folder / "threads", seconds=seconds, seed=seed)
    elif kind == "strings":
        yield from strings()
    elif kind == "damage":
        yield from damage(folder, n_places=n_places, seed=seed)
    else:
        for n in range(n_trials):
            n_processes = _PROCESSES[n % len(_PROCESSES)]
            yield f"{n_processes} processes", trials.race(folder / f"race_{n}", n_processes)


def _add(outcomes: "dict[str, Outcome]", name: str, outcome: "Outcome") -> None:
    known = outcomes.setdefault(name, type(outcome)())
    known.n_trials += outcome.n_trials
    known.answers += outcome.answers
    known.lost += outcome.lost


def _tell(outcomes: "dict[str, Outcome]") -> None:
    for name, one in sorted(outcomes.items()):
        answers = ", ".join(f"{word} {count:,}" for word, count in sorted(one.answers.items()))
        say(f"{name:32} {one.n_trials:5,} trials  {len(one.lost):3,} lost  ({answers})")
    for name, one in outcomes.items():
        for what in one.lost[:20]:
            say(f"{name}: {what}", err=True)
