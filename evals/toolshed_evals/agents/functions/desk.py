"""Files, notes and to-do lists."""

import csv
import hashlib

from toolshed_evals.agents.world import Row, World


class Desk:
    """What lies on a desk."""

    def __init__(self, world: World) -> None:
        self._world = world

    def write_file(self, path: str, text: str) -> str:
        """Create a text file with this content, or overwrite it."""
        file = self._world.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return "written"

    def append_to_file(self, path: str, text: str) -> str:
        """Add a line at the end of a text file."""
        with self._world.path(path).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
        return "appended"

    def read_file(self, path: str) -> str:
        """The content of a text file."""
        return self._world.path(path).read_text(encoding="utf-8")

    def delete_file(self, path: str) -> str:
        """Delete a file."""
        self._world.path(path).unlink()
        return "deleted"

    def rename_file(self, path: str, new_path: str) -> str:
        """Rename or move a file."""
        target = self._world.path(new_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._world.path(path).rename(target)
        return "renamed"

    def copy_file(self, path: str, new_path: str) -> str:
        """Make a copy of a file under another path."""
        return self.write_file(new_path, self.read_file(path))

    def list_folder(self, folder: str = ".") -> list[str]:
        """Names of the files and folders in a folder."""
        return sorted(path.name for path in self._world.path(folder).iterdir())

    def make_folder(self, folder: str) -> str:
        """Create an empty folder."""
        self._world.path(folder).mkdir(parents=True)
        return "created"

    def search_files(self, text: str) -> list[str]:
        """Paths of the files that contain a text."""
        files = [path for path in self._world.folder.rglob("*") if path.is_file()]
        found = [path for path in files if text.lower() in path.read_text(encoding="utf-8").lower()]
        return sorted(str(path.relative_to(self._world.folder)) for path in found)

    def replace_in_file(self, path: str, old: str, new: str) -> str:
        """Replace every occurrence of a text in a file by another."""
        content = self.read_file(path)
        if old not in content:
            raise LookupError(f"{old!r} is not in {path!r}")
        return self.write_file(path, content.replace(old, new))

    def count_lines(self, path: str) -> int:
        """How many lines a text file has."""
        return len(self.read_file(path).splitlines())

    def count_words(self, path: str) -> int:
        """How many words a text file has."""
        return len(self.read_file(path).split())

    def sort_lines(self, path: str) -> str:
        """Put the lines of a text file into alphabetical order."""
        lines = sorted(self.read_file(path).splitlines())
        return self.write_file(path, "\n".join(lines) + "\n")

    def sum_csv_column(self, path: str, column: str) -> float:
        """Add up the numbers in a column of a CSV file."""
        rows = list(csv.DictReader(self.read_file(path).splitlines()))
        return sum(float(row[column]) for row in rows)

    def file_checksum(self, path: str) -> str:
        """The SHA-256 checksum of a file, to compare copies."""
        return hashlib.sha256(self._world.path(path).read_bytes()).hexdigest()

    def add_note(self, title: str, text: str) -> Row:
        """Write down a new note."""
        return {"note_id": self._world.write("INSERT INTO notes (title, text) VALUES (?, ?)", title, text)}

    def find_note(self, words: str) -> Row:
        """Look up a note by words of its title or text; gives its note_id and what it says."""
        sql = "SELECT * FROM notes WHERE title LIKE ? OR text LIKE ?"
        return self._world.row(sql, f"%{words}%", f"%{words}%")

    def extend_note(self, note_id: int, text: str) -> str:
        """Add a sentence to a note that is there."""
        self._world.write("UPDATE notes SET text = text || ' ' || ? WHERE note_id = ?", text, note_id)
        return "saved"

    def delete_note(self, note_id: int) -> str:
        """Throw a note away."""
        self._world.write("DELETE FROM notes WHERE note_id = ?", note_id)
        return "deleted"

    def add_todo(self, title: str, due: str) -> Row:
        """Put something on the to-do list, due on a day written YYYY-MM-DD."""
        sql = "INSERT INTO todos (title, due, is_done, priority) VALUES (?, ?, 0, 'normal')"
        return {"todo_id": self._world.write(sql, title, due)}

    def find_todo(self, title: str) -> Row:
        """Look up an item of the to-do list by words of its title; gives its todo_id."""
        return self._world.row("SELECT * FROM todos WHERE title LIKE ?", f"%{title}%")

    def todos_due(self, day: str) -> list[Row]:
        """What on the to-do list is due on a day, written YYYY-MM-DD."""
        return self._world.rows("SELECT * FROM todos WHERE due = ? AND NOT is_done", day)

    def complete_todo(self, todo_id: int) -> str:
        """Tick off an item of the to-do list as done."""
        self._world.write("UPDATE todos SET is_done = 1 WHERE todo_id = ?", todo_id)
        return "done"

    def postpone_todo(self, todo_id: int, due: str) -> str:
        """Give an item of the to-do list a later due day, written YYYY-MM-DD."""
        self._world.write("UPDATE todos SET due = ? WHERE todo_id = ?", due, todo_id)
        return "postponed"

    def delete_todo(self, todo_id: int) -> str:
        """Remove an item from the to-do list."""
        self._world.write("DELETE FROM todos WHERE todo_id = ?", todo_id)
        return "deleted"
