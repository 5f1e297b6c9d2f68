"""What was signed, as a number: it stands in the audit log, and the report is made only of what still fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from limner.errors import InputError
from limner.serve.audit.chain import hash_fields
from limner.serve.moments import tell_moment
from limner.serve.tables import AuditEntry, Measure, Result


def content_digest(result: Result, measures: Sequence[Measure], signer: Mapping[str, str]) -> str:
    """SHA-256 over text, moment and person of a signature, and each measurement that it holds, point by point.

    Args:
        result: that is signed.
        measures: that its report holds.
        signer: ``by`` and ``organization``, as the report tells them.
    """
    assert result.signed_at is not None
    held = [
        [one.id, one.version, one.kind, one.plane, one.series_id, one.points_mm]
        for one in sorted(measures, key=lambda one: one.id)
    ]
    return hash_fields(
        [result.id, result.signed_by, tell_moment(result.signed_at), result.signed_text, held, dict(signer)]
    )


def check_signed(db: Transaction, result: Result, measures: Sequence[Measure], signer: Mapping[str, str]) -> None:
    """Refuses a report of what is not what was signed.

    Raises:
        InputError: the rows were changed after the signature.
    """
    signed = select(AuditEntry).where(AuditEntry.action == "result.sign", AuditEntry.object_id == result.id)
    entry = db.scalars(signed.order_by(AuditEntry.n)).first()
    if entry is None or entry.details.get("content_sha256") != content_digest(result, measures, signer):
        raise InputError(
            "What is kept is not what was signed, as the audit log tells: no report is made of it. "
            "Tell the administrator, who runs `limner audit verify`."
        )
