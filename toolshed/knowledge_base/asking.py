"""Questions from process to process of one service, over a socket that only its user may reach."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from toolshed.errors import KnowledgeBaseError, ToolshedError

logger = logging.getLogger(__name__)

_ANSWER_SECONDS = 30.0
_TOGETHER = 256
_N_THREADS = 8

# Any: what questions and answers are is between who asks and who answers; both are one program.
Answer = Callable[..., Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks another process.

    Attributes:
        socket: Where it answers.
    """

    socket: Path

    def one(self, *question: Any) -> Any:
        """The one answer to a question.

        Raises:
            KnowledgeBaseError: If the process is not there, is late, or could not answer.
        """
        for answer in self.each(*question):
            return answer
        raise KnowledgeBaseError(
            f"the process that has the knowledge base open knows no answer to {question[:3]!r}"
        )

    def each(self, *question: Any) -> Iterator[Any]:
        """The answers to a question, as they come.

        Raises:
            KnowledgeBaseError: See :meth:`one`.
        """
        try:
            with Client(str(self.socket), "AF_UNIX") as connection:
                connection.send(question)
                while (told := _received(connection)) is not None:
                    if isinstance(told, str):
                        raise KnowledgeBaseError(told)
                    yield from told
        except (OSError, EOFError) as error:
            raise KnowledgeBaseError(
                "the process that has the knowledge base open does not answer; try again in a moment"
            ) from error


def _received(connection: "Connection[Any, Any]") -> Any:
    if not connection.poll(_ANSWER_SECONDS):
        raise TimeoutError
    return connection.recv()


class Answerer:
    """Answers other processes, several at a time, until it is closed.

    Args:
        socket: Where; made here.
        answer: Called with a question; yields the answers.
    """

    def __init__(self, socket: Path, answer: Answer) -> None:
        self._socket, self._answer, self._is_closing = socket, answer, False
        socket.unlink(missing_ok=True)
        self._listener = Listener(str(socket), "AF_UNIX", backlog=64)
        self._pool = ThreadPoolExecutor(_N_THREADS, thread_name_prefix="toolshed-answers")
        self._thread = threading.Thread(target=self._listen, name="toolshed-answers", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            with suppress(OSError, EOFError):
                connection = self._listener.accept()
                if self._is_closing:
                    connection.close()
                    return
                self._pool.submit(self._answer_one, connection)

    def _answer_one(self, connection: "Connection[Any, Any]") -> None:
        # Who asked may have gone.
        with connection, suppress(OSError, EOFError):
            question = _received(connection)
            try:
                answers = iter(self._answer(*question))
                while together := list(islice(answers, _TOGETHER)):
                    connection.send(together)
                connection.send(None)
            except ToolshedError as error:
                connection.send(str(error))
            except (OSError, EOFError):
                raise
            except Exception:
                logger.exception("a question of another process could not be answered: %r", question[:3])
                connection.send("the process that has the knowledge base open failed; its log has the reason")

    def close(self) -> None:
        """Answer nothing more."""
        self._is_closing = True
        with suppress(OSError):
            Client(str(self._socket), "AF_UNIX").close()
        self._thread.join(_ANSWER_SECONDS)
        self._listener.close()
        self._pool.shutdown(cancel_futures=True)
