"""The server's side of the desk: start it, ask it, and start it again when it died."""

from __future__ import annotations

import difflib
import os
import select
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from limner.serve.desk import wire
from limner.serve.desk.refusals import DeskBusyError, DeskError, DeskTimeoutError, error_from_plain

PLACES = 12
"""Questions that may wait or be answered at once; each holds a thread of the server."""
PLACES_EACH = 6
"""Of one person: nobody fills the line alone."""
GRACE_S = 2.0
"""How long a question that was given up may take to stop before the process is ended."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")


class Desk:
    """One side process, started by the first question.

    Args:
        verbs: name to dotted path of what can be asked; those of :data:`limner.serve.desk.VERBS` where None.
        places: questions that may wait or be answered at once.
        threads: of native libraries in the process.
    """

    def __init__(self, verbs: Mapping[str, str] | None = None, *, places: int = PLACES, threads: int = 1) -> None:
        self._verbs = verbs
        self._places = places
        self._threads = threads
        self._lock = threading.Lock()
        self._line: deque[_Place] = deque()
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process; None where none runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def ask(
        self,
        verb: str,
        key: str,
        /,
        *,
        limit_s: float = 30.0,
        asker: str | None = None,
        instead_of: str | None = None,
        **arguments: Any,
    ) -> Any:
        """Asks, and waits for the answer. For handlers in threads: it blocks.

        Args:
            verb: a name of ``VERBS``.
            key: what the question is about: the folder of a result, the name of a pack.
            limit_s: waiting and answering together may take this long.
            asker: the id of the user who asks: each has so many places, and they are answered in turns.
            instead_of: names a stream of questions (a drag); one of the same name that still waits is not asked.
            arguments: plain values and bytes (:func:`limner.serve.desk.wire.pack`).

        Raises:
            KeyError: no such verb; the nearest is named.
            LimnerError: what the verb raised.
            DeskBusyError: too many wait, or too many of this person, or a later question took this one's place.
            DeskTimeoutError: the limit passed.
            DeskError: the process died over it.
        """
        self._check(verb)
        until = time.monotonic() + limit_s
        place = _Place(asker, instead_of)
        self._stand_in_line(place)
        try:
            if not place.turn.wait(limit_s):
                raise DeskTimeoutError(f"{verb} waited {limit_s:g} s behind other questions. Try again.")
            if place.replaced:
                raise DeskBusyError("A later question of the same kind took this one's place.")
            return self._exchange({"verb": verb, "key": key, "arguments": arguments}, until)
        finally:
            self._leave(place)

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            self._closed = True
        self._end()

    def _check(self, verb: str) -> None:
        if self._verbs is None:
            from limner.serve.desk import VERBS

            self._verbs = VERBS
        if verb not in self._verbs:
            near = difflib.get_close_matches(verb, self._verbs, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise KeyError(f"The desk knows no {verb!r}; it knows {', '.join(self._verbs)}.{hint}")

    def _stand_in_line(self, place: _Place) -> None:
        with self._lock:
            if self._closed:
                raise DeskError("The server is ending.")
            for other in list(self._line)[1:]:
                if place.stream is not None and other.stream == place.stream:
                    self._line.remove(other)
                    other.replaced = True
                    other.turn.set()
            if place.asker and sum(other.asker == place.asker for other in self._line) >= PLACES_EACH:
                raise DeskBusyError("You ask too much at once. Try again in a moment.")
            if len(self._line) >= self._places:
                raise DeskBusyError("Too many people ask at once. Try again in a moment.")
            self._line.append(place)
            self._line[0].turn.set()

    def _leave(self, place: _Place) -> None:
        with self._lock:
            if place not in self._line:
                return
            answered = self._line[0] is place
            self._line.remove(place)
            if answered and self._line:
                others = (other for other in self._line if other.asker != place.asker)
                following = next(others, self._line[0])  # one person's questions don't all come before another's
                self._line.remove(following)
                self._line.appendleft(following)
                following.turn.set()

    def _exchange(self, question: dict[str, Any], until: float) -> Any:
        """One question and its answer. Only the first in line is here."""
        self._count += 1
        question = {"n": self._count, **question}
        for last in (False, True):
            begun = False
            try:
                process = self._running()
                assert process.stdin is not None and process.stdout is not None
                _send(process.stdin, question)
                self._await(process, question, until)
                begun = bool(wire.unpack(cast(BinaryIO, process.stdout))["begun"])
                self._await(process, question, until)
                answer = wire.unpack(cast(BinaryIO, process.stdout))
                break
            except (EOFError, OSError):
                self._end()
                if begun or last:  # a process that died before it read the question is worth another
                    raise DeskError(
                        f"The desk ended while it worked on {question['verb']}; it starts anew with the next question. "
                        "Ask again; if it ends again, its memory or its log says why."
                    ) from None
        if "error" in answer:
            raise error_from_plain(answer["error"])
        return answer["answer"]

    def _await(self, process: subprocess.Popen[bytes], question: dict[str, Any], until: float) -> None:
        """Waits for a frame; past the limit asks the process to give up, and ends it if it does not."""
        if _answers(process.stdout, until - time.monotonic()):
            return
        _send(process.stdin, {"give_up": question["n"]})
        if not _answers(process.stdout, GRACE_S):
            self._end()
            raise DeskTimeoutError(f"{question['verb']} took too long, and the desk was started anew.")

    def _running(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            env = {**os.environ, **dict.fromkeys(THREADS, str(self._threads))}
            env["PYTHONPATH"] = os.pathsep.join(one for one in sys.path if one)  # where this process found us
            process = subprocess.Popen(
                [sys.executable, "-m", "limner.serve.desk.process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env=env,
            )
            self._process = process
            assert process.stdin is not None
            _send(process.stdin, {"verbs": dict(self._verbs or {})})
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # it holds nothing that is not on the disk
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


class _Place:
    """A place in the line."""

    def __init__(self, asker: str | None, stream: str | None) -> None:
        self.asker, self.stream = asker, stream
        self.turn = threading.Event()
        self.replaced = False


def _send(stream: Any, message: dict[str, Any]) -> None:
    left = memoryview(wire.pack(message))
    while left:
        left = left[stream.write(left) :]  # unbuffered: may write a part


def _answers(stream: Any, limit_s: float) -> bool:
    """Whether something can be read within the limit."""
    waiter = select.poll()  # unlike select, knows no largest descriptor
    waiter.register(stream, select.POLLIN | select.POLLHUP)
    return bool(waiter.poll(max(0.0, limit_s) * 1000))
