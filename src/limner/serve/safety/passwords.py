"""Passwords: what is taken (NIST SP 800-63B 5.1.1.2), and how argon2id keeps it."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from limner.errors import InputError
from limner.serve.safety.common_passwords import COMMON, ROWS

LONGEST = 256
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
"""OWASP's least setting for argon2id: 19 MiB, two passes, one lane; about 30 ms of one core."""
_NOBODY = _HASHER.hash("nobody's password, so that a wrong name takes as long as a wrong password")
_LEET = str.maketrans("013457@$!", "oieastasi")


def hash_password(password: str) -> str:
    """The encoded hash, with its own salt."""
    return _HASHER.hash(_same(password))


def check_password(password: str, encoded: str | None) -> bool:
    """Whether it is the one; without ``encoded`` the same time is spent, and the answer is no."""
    try:
        return _HASHER.verify(encoded or _NOBODY, _same(password)) and encoded is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(encoded: str) -> bool:
    """Whether it was kept under weaker settings than today's."""
    return _HASHER.check_needs_rehash(encoded)


def check_rules(password: str, name: str, shortest: int) -> None:
    """Length and guessability; no rule about kinds of characters, which NIST advises against.

    Args:
        password: as chosen.
        name: of the user; a password must not be built on it.
        shortest: characters.

    Raises:
        InputError: too short, too long, or among the first that a guesser tries. The password is not repeated.
    """
    if not shortest <= len(_same(password)) <= LONGEST:
        raise InputError(f"A password has {shortest} to {LONGEST} characters. Four or five words that you make up do.")
    why = _weakness(_same(password).casefold(), name.casefold())
    if why:
        raise InputError(f"This password is among the first that are guessed: it is {why}. Take words of your own.")


def _weakness(password: str, name: str) -> str:
    """What makes it easy, or nothing."""
    if len(set(password)) < 5:
        return "a few characters repeated"
    for length in range(1, len(password) // 2 + 1):
        if (password[:length] * len(password))[: len(password)] == password:
            return "one piece repeated"
    if any(password in row * 3 or password[::-1] in row * 3 for row in ROWS):
        return "a row of keys or letters"
    for known in (name, "limner"):
        rest = [one for one in password.replace(known, "") if one.isalnum()]
        if len(known) > 2 and known in password and len(rest) < 6:
            return "built on a name"
    ornaments = "".join(one for one in set(password) if not one.isalpha())
    for core in (password, password.strip(ornaments).translate(_LEET)):
        letters = "".join(one for one in core if one.isalpha())
        if password in COMMON or letters in COMMON or _is_made_of_common(letters):
            return "a common password with ornaments"
    return ""


def _is_made_of_common(letters: str) -> bool:
    """Two common ones in a row, as in ``passwordadmin``."""
    return any(letters[:cut] in COMMON and letters[cut:] in COMMON for cut in range(4, len(letters) - 3))


def _same(password: str) -> str:
    """One form for what keyboards write in several (NFKC, as NIST SP 800-63B asks)."""
    return unicodedata.normalize("NFKC", password)
