"""A session on its way from one device to another."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Handover(Base):
    """The newest offer to go on with a session on a phone; one for each session."""

    __tablename__ = "handover"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("verification_session.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Keyed hash of what the QR code says; single use."""
    watcher_hash: Mapped[str] = mapped_column(String(64))
    """What the session kept of the browser that made the offer: it may watch, and take the result home."""
    created_at: Mapped[float]
    expires_at: Mapped[float]
    claimed_at: Mapped[float | None]
    phone_hash: Mapped[str | None] = mapped_column(String(64))
    """What the session keeps of the browser that took the offer; while it does, that one holds it."""
