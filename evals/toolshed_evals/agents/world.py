"""The small world that agents act in: one SQLite database and one folder of files.

Tools change it for good, and the checks of tasks look at what it has become. It is set back before each task.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# The day that the world's clock stands at, a Monday.
TODAY = "2026-03-02"
_SEED = Path(__file__).with_name("world.sql")
_FILES = {
    "report.txt": "Quarter one went well.\nSales rose by 8 percent.\nCosts fell.\n",
    "todo.md": "- paint the fence\n- buy soil\n",
    "trips.csv": "city,km\nPorto,313\nFaro,278\nCoimbra,205\n",
    "drafts/letter.txt": "Dear Sir, the roof leaks again. Yours, M.\n",
    "names.txt": "Zoe\nAdam\nMila\n",
}
Row = dict[str, Any]


class World:
    """State that the functions work on.

    Args:
        folder: Where the world's files are; emptied at each reset.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reset()

    def reset(self) -> None:
        """Set everything back to how it was in the beginning."""
        # Tools are called in worker threads, one after the other.
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.executescript(_SEED.read_text(encoding="utf-8"))
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in _FILES.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def rows(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query."""
        return [dict(row) for row in self._database.execute(sql, values)]

    def row(self, sql: str, *values: object) -> Row:
        """The first row of a query.

        Raises:
            LookupError: If there is none.
        """
        found = self.rows(sql, *values)
        if not found:
            raise LookupError(f"there is nothing for {', '.join(map(str, values))}")
        return found[0]

    def write(self, sql: str, *values: object) -> int:
        """Change something; returns the id of a row that is new.

        Raises:
            LookupError: If no row was changed.
        """
        done = self._database.execute(sql, values)
        if not done.rowcount:
            raise LookupError(f"there is nothing for {', '.join(map(str, values))}")
        return int(done.lastrowid or 0)

    def path(self, name: str) -> Path:
        """The path of a file in the folder.

        Raises:
            ValueError: If it lies elsewhere.
        """
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise ValueError(f"{name!r} is not in the folder")
        return path

    def snapshot(self) -> Mapping[str, object]:
        """What is there: rows by table, and the files by their names under ``files``."""
        tables = [row["name"] for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        state: dict[str, object] = {name: self.rows(f"SELECT * FROM {name}") for name in tables}  # noqa: S608  # names of our own tables
        files = sorted(path for path in self.folder.rglob("*"))
        state["files"] = {
            str(path.relative_to(self.folder)): path.read_text(encoding="utf-8") if path.is_file() else None
            for path in files
        }
        return state
