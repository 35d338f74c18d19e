"""Answers kept for a day, so that a repeated request is answered and not done again."""

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class IdempotentRequest(Base):
    """One `Idempotency-Key` of one API key; the primary key lets only one of two requests begin."""

    __tablename__ = "idempotent_request"

    api_key_id: Mapped[str] = mapped_column(ForeignKey("api_key.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of method, path, query and body."""
    status: Mapped[int | None]
    """None while the first request is under way."""
    sealed_answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Body of the answer, sealed: it may carry a signed link or a result."""
    session_id: Mapped[str | None] = mapped_column(String(36), index=True)
    """The session that the answer speaks of; redacting it deletes the row."""
    created_at: Mapped[float] = mapped_column(index=True)
