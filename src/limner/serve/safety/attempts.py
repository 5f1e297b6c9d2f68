"""Wrong passwords are counted, by the name that was tried and by the address that tried it.

Names that belong to nobody are counted as well, so that a lock does not tell which exist (OWASP ASVS 2.2.1).
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session as Transaction

from limner.serve.safety.secrets import fingerprint
from limner.serve.settings import Accounts
from limner.serve.tables import Attempts, now

ADDRESS_SHARE = 6
"""An address may fail so many times as often as a name: behind it may stand a whole ward."""


def seconds_locked(db: Transaction, name: str, address: str) -> int:
    """How long nobody may try this name, or from this address; 0 where both are free."""
    until = [row.locked_until for key in _keys(name, address) if (row := db.get(Attempts, key)) and row.locked_until]
    return max((int((one - now()).total_seconds()) + 1 for one in until if one > now()), default=0)


def count_failure(db: Transaction, name: str, address: str, accounts: Accounts) -> bool:
    """Writes one down; whether it was the one that locks."""
    pause = timedelta(minutes=accounts.lockout_minutes)
    db.execute(delete(Attempts).where(Attempts.last < now() - pause))  # failures count in a row, not over weeks
    locks = False
    for key, limit in zip(_keys(name, address), (1, ADDRESS_SHARE), strict=True):
        row = db.get(Attempts, key) or Attempts(key=key, failures=0)
        row.failures += 1
        row.last = now()
        if row.failures >= accounts.lockout_failures * limit:
            row.locked_until, row.failures = now() + pause, 0
            locks = True
        db.add(row)
    return locks


def is_locked(db: Transaction, name: str) -> bool:
    """Whether the name is locked now."""
    row = db.get(Attempts, _keys(name, "")[0])
    return row is not None and row.locked_until is not None and row.locked_until > now()


def forgive(db: Transaction, name: str) -> None:
    """After the right password, a new one, or an admin's word. The address keeps its count."""
    db.execute(delete(Attempts).where(Attempts.key == _keys(name, "")[0]))


def _keys(name: str, address: str) -> tuple[str, str]:
    return fingerprint(f"name {name}"), fingerprint(f"address {address}")
