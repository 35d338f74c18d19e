"""Whose a session is: asked with every batch of frames, so only what tells it is read."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.models import VerificationSession
from app.plain import PlainStatement

_HELD = PlainStatement(
    select(VerificationSession.browser_token_hash, VerificationSession.page_generation).where(
        VerificationSession.id == bindparam("session")
    )
)


@dataclass(frozen=True, slots=True)
class HeldSession:
    """The browser and the page that a session belongs to."""

    id: str
    browser_token_hash: str
    page_generation: int


def load_held(db: Session, session_id: str) -> HeldSession:
    """Return whose a session is; `NotFoundError` when there is none."""
    found = _HELD.first(db, {"session": session_id})
    if found is None:
        raise NotFoundError("no such session")
    return HeldSession(session_id, *found)
