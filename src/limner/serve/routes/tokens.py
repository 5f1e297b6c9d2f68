"""One's own API tokens: for programs that ask in a user's name."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from limner.serve import audit
from limner.serve.house import AHouse
from limner.serve.moments import Moment
from limner.serve.safety.access import Oneself, OneselfWrites, Scope
from limner.serve.safety.secrets import fingerprint, new_secret
from limner.serve.tables import Token, now

router = APIRouter(prefix="/api/tokens", tags=["tokens"])
PREFIX = "limner_"
"""What a token begins with, so that scanners of repositories recognise one that was committed."""
MOST = 50


class TokenNow(BaseModel):
    """A token, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    created: Moment
    used: Moment | None
    expires: Moment | None


class Tokens(BaseModel):
    """One's tokens."""

    items: list[TokenNow]
    total: int


class NewToken(BaseModel):
    """What a program shall be able to do: at most what its user can."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=80)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    days: Annotated[float, Field(gt=0, le=366, description="Until it expires.")] = 90


class MadeToken(BaseModel):
    """The token. Its secret is shown now and never again."""

    token: TokenNow
    secret: str


@router.get("", summary="One's own API tokens")
def get_tokens(actor: Oneself, house: AHouse) -> Tokens:
    """Without their secrets, of which the server keeps only a hash."""
    with house.database.reading() as db:
        rows = db.scalars(select(Token).where(Token.user_id == actor.user_id).order_by(Token.created.desc())).all()
    return Tokens(items=[TokenNow.model_validate(row, from_attributes=True) for row in rows], total=len(rows))


@router.post("", summary="Make an API token", status_code=201, responses={409: {"description": "Too many."}})
def post_token(new: NewToken, actor: OneselfWrites, house: AHouse) -> MadeToken:
    """It goes into the header ``Authorization: Bearer …`` of a program's requests."""
    if "admin" in new.scopes and actor.role != "admin":
        raise HTTPException(403, "The scope 'admin' is for admins.")
    secret = PREFIX + new_secret()
    with house.database.session() as db:
        if len(db.scalars(select(Token.id).where(Token.user_id == actor.user_id)).all()) >= MOST:
            raise HTTPException(409, f"You have {MOST} tokens. Remove those that nothing uses.")
        row = Token(
            user_id=actor.user_id,
            name=new.name,
            hash=fingerprint(secret),
            scopes=sorted(set(new.scopes)),
            expires=now() + timedelta(days=new.days),
        )
        db.add(row)
        db.flush()
        audit.append(db, actor.user_id, "token.make", row.id, scopes=row.scopes)
        return MadeToken(token=TokenNow.model_validate(row, from_attributes=True), secret=secret)


@router.delete("/{token_id}", summary="Remove an API token", status_code=204)
def delete_token(token_id: str, actor: OneselfWrites, house: AHouse) -> None:
    """It no longer opens anything, at once."""
    with house.database.session() as db:
        row = db.get(Token, token_id)
        if row is None or row.user_id != actor.user_id:
            raise HTTPException(404, "There is no such token, or it is not yours.")
        db.delete(row)
        audit.append(db, actor.user_id, "token.remove", token_id)
