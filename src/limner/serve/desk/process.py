"""The desk's own process: reads questions, answers them one after another, and ends when the server does."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from types import FrameType
from typing import Any, BinaryIO

from limner.errors import LimnerError
from limner.serve.desk import wire
from limner.serve.desk.refusals import DeskError, DeskTimeoutError, error_as_plain
from limner.serve.desk.shelf import Shelf

NICE = 5
"""How far the desk steps back behind the server itself."""
log = logging.getLogger("limner.serve.desk")


class _GivenUpError(BaseException):
    """Nobody waits for this answer any more. No verb catches it by the way."""


class _Process:
    """Two threads: this one works, the other listens for questions, for "give up", and for the server's end."""

    def __init__(self, questions: BinaryIO, answers: BinaryIO) -> None:
        self._questions = questions
        self._answers = answers
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._now: int | None = None
        self._given_up: int | None = None
        self._verbs: dict[str, str] = {}
        self._shelf = Shelf()

    def run(self) -> None:
        """Answers until the server is gone."""
        signal.signal(signal.SIGUSR1, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's; this process ends with it
        self._verbs = wire.unpack(self._questions)["verbs"]
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            question = self._waiting.get()
            self._tell({"n": question["n"], "begun": True})
            self._tell({"n": question["n"], **self._answer(question)})

    def _tell(self, message: dict[str, Any]) -> None:
        self._answers.write(_frame(message))
        self._answers.flush()

    def _listen(self) -> None:
        worker = threading.main_thread().ident
        assert worker is not None
        while True:
            try:
                message = wire.unpack(self._questions)
            except (EOFError, OSError, ValueError):
                os._exit(0)  # the server is gone; what is being computed is for nobody
            if "give_up" in message:
                self._given_up = message["give_up"]
                if self._now == self._given_up:
                    signal.pthread_kill(worker, signal.SIGUSR1)
            else:
                self._waiting.put(message)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._now is not None and self._now == self._given_up:
            self._now = None
            raise _GivenUpError

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            self._now = question["n"]
            if self._given_up == self._now:
                raise _GivenUpError
            verb = load(self._verbs[question["verb"]])
            answer = verb(self._shelf, question["key"], **question["arguments"])
            self._now = None
            return {"answer": answer}
        except _GivenUpError:
            return {"error": error_as_plain(DeskTimeoutError("This took too long and was given up."))}
        except LimnerError as error:
            return {"error": error_as_plain(error)}
        except Exception:
            log.exception("%s failed", question["verb"])
            return {"error": error_as_plain(DeskError("This failed on the server; its log says why."))}
        finally:
            self._now = None


def load(path: str) -> Callable[..., Any]:
    """The function at a dotted path, ``package.module:function``."""
    module, name = path.split(":")
    verb: Callable[..., Any] = getattr(import_module(module), name)
    return verb


def _frame(answer: dict[str, Any]) -> bytes:
    try:
        return wire.pack(answer)
    except (TypeError, ValueError) as error:
        log.exception("an answer cannot be sent")
        told = error_as_plain(DeskError(f"The answer cannot be sent: {error}"))
        return wire.pack({"n": answer["n"], "error": told})


def main() -> None:
    """Questions come by standard input, answers leave by what was standard output; prints go to the log."""
    os.nice(NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.basicConfig(format="desk: %(message)s")
    with contextlib.suppress(EOFError):
        _Process(sys.stdin.buffer, answers).run()


if __name__ == "__main__":
    main()
