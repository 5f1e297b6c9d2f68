"""What the desk is asked in its tests."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from limner.errors import GeometryError, MissingExtraError


def echo(shelf, key, **arguments):
    return {"key": key, **arguments}


def kept(shelf, key):
    """The same object for the same key: its number, and the process that holds it."""
    made = shelf.get(("kept", key), lambda: [time.monotonic_ns()])
    return {"made": made[0], "pid": os.getpid(), "nice": os.nice(0), "threads": os.environ["OMP_NUM_THREADS"]}


def sleep(shelf, key, seconds):
    time.sleep(seconds)
    return "slept"


def stubborn(shelf, key):
    """As native code that no signal interrupts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    time.sleep(60)


def refuse(shelf, key, kind):
    if kind == "geometry":
        raise GeometryError("The scan has a gap after slice 7.")
    if kind == "extra":
        raise MissingExtraError("torch", "train", "This")
    raise ZeroDivisionError("secret")


def die(shelf, key):
    os._exit(9)


def wrong(shelf, key):
    return np.zeros(3)


def chatter(shelf, key):
    print("not an answer")
    return "answer"
