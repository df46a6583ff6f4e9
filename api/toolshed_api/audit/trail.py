"""The trail that one request leaves in the audit log."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from toolshed.errors import ToolshedError
from toolshed_api.audit.events import AuditEvent
from toolshed_api.audit.log import AuditLog
from toolshed_api.callers import Caller


@dataclass(slots=True)
class Note:
    """What is to be written of something that is being done.

    Attributes:
        outcome: ``ok`` unless it is said, or ends, otherwise.
        target: What it is done to.
        found: Ids of the tools that a search found.
    """

    outcome: str = "ok"
    target: str = ""
    found: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """Writes down what is done in one request.

    Attributes:
        log: Where; None keeps no log.
        request_id: The request.
        digest_key: Makes digests that cannot be guessed from a list of texts; None makes none.
        keeps_texts: Whether what callers sent is kept, too.
    """

    log: AuditLog | None = None
    request_id: str = ""
    digest_key: bytes | None = None
    keeps_texts: bool = False

    @contextmanager
    def recording(
        self,
        caller: Caller,
        action: str,
        target: str = "",
        *,
        text: str | None = None,
        tenant: str | None = None,
    ) -> Iterator[Note]:
        """Do something, and write down who did it and what came of it.

        Args:
            caller: Who does it.
            action: What is done.
            target: What it is done to.
            text: What the caller sent, a query for instance.
            tenant: Whose it is, where it is not the caller's.

        Raises:
            OverloadedError: If it could not be written down; nothing is done then.
        """
        if self.log is not None:
            self.log.check_room()
        note = Note(target=target)
        try:
            yield note
        except ToolshedError as error:
            note.outcome = error.code
            raise
        except BaseException:
            note.outcome = "internal_error"
            raise
        finally:
            if self.log is not None:
                self.log.write(self._event(caller, action, note, text, tenant))

    def _event(
        self, caller: Caller, action: str, note: Note, text: str | None, tenant: str | None
    ) -> AuditEvent:
        digest = None
        if text is not None and self.digest_key is not None:
            digest = hmac.digest(self.digest_key, text.encode("utf-8", "replace"), hashlib.sha256).hex()
        return AuditEvent(
            tenant=tenant or caller.tenant,
            caller=caller.viewed_by or caller.name,
            action=action,
            target=note.target,
            outcome=note.outcome,
            request_id=self.request_id,
            viewed_as=caller.name if caller.viewed_by else None,
            digest=digest,
            text=text if self.keeps_texts else None,
            found=note.found,
        )


NO_TRAIL = AuditTrail()
