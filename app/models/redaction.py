"""What is kept of a redacted session besides its bare row."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Redaction(Base):
    """One session that was emptied on demand: when, and keyed hashes that prove whose it was."""

    __tablename__ = "redaction"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("verification_session.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[float]
    external_id_hash: Mapped[str | None] = mapped_column(String(64))
    """HMAC-SHA256 under a key derived from the master key: whoever has only a dump cannot guess ids."""
    correlation_id_hash: Mapped[str | None] = mapped_column(String(64))
