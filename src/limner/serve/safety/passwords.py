"""Passwords, as argon2id keeps them."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
"""OWASP's least setting for argon2id: 19 MiB, two passes, one lane; about 30 ms of one core."""
_NOBODY = _HASHER.hash("nobody's password, so that a wrong name takes as long as a wrong password")


def hash_password(password: str) -> str:
    """The encoded hash, with its own salt."""
    return _HASHER.hash(password)


def check_password(password: str, encoded: str | None) -> bool:
    """Whether it is the one; without ``encoded`` the same time is spent, and the answer is no."""
    try:
        return _HASHER.verify(encoded or _NOBODY, password) and encoded is not None
    except (VerificationError, InvalidHashError):
        return False
