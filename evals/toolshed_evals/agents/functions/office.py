"""Calendar, contacts, mail and channels."""

from datetime import datetime, timedelta

from toolshed_evals.agents.world import Row, World

_OPENS, _CLOSES = 9, 17


class Office:
    """Appointments and what people write to each other."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create_event(self, title: str, start: str, minutes: int = 60, place: str = "") -> Row:
        """Put a new appointment into the calendar. The start is written YYYY-MM-DDTHH:MM."""
        datetime.strptime(start, "%Y-%m-%dT%H:%M")  # the calendar has no time zones
        sql = "INSERT INTO events (title, start, minutes, place) VALUES (?, ?, ?, ?)"
        return {"event_id": self._world.write(sql, title, start, minutes, place)}

    def list_events(self, day: str) -> list[Row]:
        """Appointments in the calendar on a day, written YYYY-MM-DD."""
        return self._world.rows("SELECT * FROM events WHERE start LIKE ? ORDER BY start", f"{day}%")

    def find_event(self, title: str) -> Row:
        """Look up an appointment in the calendar by words of its title; gives its event_id and when it is."""
        return self._world.row("SELECT * FROM events WHERE title LIKE ?", f"%{title}%")

    def move_event(self, event_id: int, start: str) -> Row:
        """Reschedule an appointment to another start, written YYYY-MM-DDTHH:MM."""
        datetime.strptime(start, "%Y-%m-%dT%H:%M")  # the calendar has no time zones
        self._world.write("UPDATE events SET start = ? WHERE event_id = ?", start, event_id)
        return self._world.row("SELECT * FROM events WHERE event_id = ?", event_id)

    def cancel_event(self, event_id: int) -> str:
        """Cancel an appointment and take it out of the calendar."""
        self._world.write("DELETE FROM events WHERE event_id = ?", event_id)
        return "cancelled"

    def set_event_place(self, event_id: int, place: str) -> str:
        """Say where an appointment takes place, such as a meeting room."""
        self._world.write("UPDATE events SET place = ? WHERE event_id = ?", place, event_id)
        return "saved"

    def invite_to_event(self, event_id: int, email: str) -> str:
        """Invite a guest to an appointment by email address."""
        self._world.row("SELECT * FROM events WHERE event_id = ?", event_id)
        self._world.write("INSERT INTO guests VALUES (?, ?)", event_id, email)
        return "invited"

    def find_free_slot(self, day: str, minutes: int) -> Row:
        """The first free time in the calendar on a day, long enough for a meeting of so many minutes."""
        opens = datetime.strptime(day, "%Y-%m-%d") + timedelta(hours=_OPENS)  # no time zones
        closes = opens + timedelta(hours=_CLOSES - _OPENS)
        for event in self.list_events(day):
            begins = datetime.fromisoformat(event["start"])
            if begins - opens >= timedelta(minutes=minutes):
                break
            opens = max(opens, begins + timedelta(minutes=event["minutes"]))
        if closes - opens < timedelta(minutes=minutes):
            raise LookupError(f"no {minutes} minutes are free on {day}")
        return {"start": opens.strftime("%Y-%m-%dT%H:%M")}

    def add_contact(self, name: str, email: str, phone: str = "", company: str = "") -> Row:
        """Save a new person in the address book."""
        sql = "INSERT INTO contacts (name, email, phone, company) VALUES (?, ?, ?, ?)"
        return {"contact_id": self._world.write(sql, name, email, phone, company)}

    def find_contact(self, name: str) -> Row:
        """Look up a person in the address book: email, phone, company and contact_id."""
        return self._world.row("SELECT * FROM contacts WHERE name LIKE ?", f"%{name}%")

    def update_contact_phone(self, contact_id: int, phone: str) -> str:
        """Change the phone number of a person in the address book."""
        self._world.write("UPDATE contacts SET phone = ? WHERE contact_id = ?", phone, contact_id)
        return "saved"

    def delete_contact(self, contact_id: int) -> str:
        """Remove a person from the address book."""
        self._world.write("DELETE FROM contacts WHERE contact_id = ?", contact_id)
        return "deleted"

    def list_contacts_of_company(self, company: str) -> list[Row]:
        """Everybody in the address book who works for a company."""
        return self._world.rows("SELECT name, email FROM contacts WHERE company = ?", company)

    def send_mail(self, to: str, subject: str, body: str) -> Row:
        """Send an email to an address."""
        if "@" not in to:
            raise ValueError(f"{to!r} is no email address; look it up in the address book")
        return {"mail_id": self._store("sent", to, subject, body)}

    def save_draft(self, to: str, subject: str, body: str) -> Row:
        """Write an email and keep it as a draft, without sending it."""
        return {"mail_id": self._store("drafts", to, subject, body)}

    def search_mail(self, words: str) -> list[Row]:
        """Find emails in the mailbox by words of their subject, text or sender; gives their mail_id."""
        like = f"%{words}%"
        return self._world.rows(
            "SELECT mail_id, sender, subject FROM mails WHERE subject LIKE ? OR body LIKE ? OR sender LIKE ?",
            like,
            like,
            like,
        )

    def read_mail(self, mail_id: int) -> Row:
        """Open an email and read its text."""
        self._world.write("UPDATE mails SET is_read = 1 WHERE mail_id = ?", mail_id)
        return self._world.row("SELECT sender, subject, body FROM mails WHERE mail_id = ?", mail_id)

    def forward_mail(self, mail_id: int, to: str) -> Row:
        """Forward an email from the mailbox to somebody else."""
        mail = self._world.row("SELECT * FROM mails WHERE mail_id = ?", mail_id)
        return {"mail_id": self._store("sent", to, f"Fwd: {mail['subject']}", mail["body"])}

    def archive_mail(self, mail_id: int) -> str:
        """Move an email out of the inbox into the archive."""
        self._world.write("UPDATE mails SET folder = 'archive' WHERE mail_id = ?", mail_id)
        return "archived"

    def delete_mail(self, mail_id: int) -> str:
        """Delete an email from the mailbox."""
        self._world.write("DELETE FROM mails WHERE mail_id = ?", mail_id)
        return "deleted"

    def count_unread_mail(self) -> int:
        """How many emails in the inbox have not been read."""
        sql = "SELECT COUNT(*) AS n FROM mails WHERE folder = 'inbox' AND NOT is_read"
        return int(self._world.row(sql)["n"])

    def post_to_channel(self, channel: str, text: str) -> Row:
        """Post a chat message to a channel of the team."""
        self._world.row("SELECT * FROM channels WHERE channel = ?", channel)
        sql = "INSERT INTO posts (channel, text, is_pinned) VALUES (?, ?, 0)"
        return {"post_id": self._world.write(sql, channel, text)}

    def create_channel(self, channel: str, topic: str = "") -> str:
        """Open a new chat channel for the team."""
        self._world.write("INSERT INTO channels VALUES (?, ?)", channel, topic)
        return "created"

    def read_channel(self, channel: str) -> list[Row]:
        """The latest chat messages of a channel, with their post_id."""
        return self._world.rows("SELECT post_id, text FROM posts WHERE channel = ?", channel)

    def pin_post(self, post_id: int) -> str:
        """Pin a chat message to the top of its channel."""
        self._world.write("UPDATE posts SET is_pinned = 1 WHERE post_id = ?", post_id)
        return "pinned"

    def _store(self, folder: str, to: str, subject: str, body: str) -> int:
        return self._world.write(
            "INSERT INTO mails (folder, sender, recipient, subject, body, is_read) VALUES (?, ?, ?, ?, ?, 1)",
            folder,
            "me@example.com",
            to,
            subject,
            body,
        )
