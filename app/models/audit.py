"""The audit log: who did what, each entry chained to the one before it."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class AuditEntry(Base):
    """One deed; written by `app.audit.log.record` alone, never changed and never deleted."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3 … without a gap."""
    at: Mapped[float] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(200), index=True)
    role: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(300), index=True)
    """What it was done to: a kind and an id; never a name or external id of a person."""
    before: Mapped[str | None] = mapped_column(Text)
    """Canonical JSON of what was there; None = nothing."""
    after: Mapped[str | None] = mapped_column(Text)
    """Canonical JSON of what is there now; None = nothing."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the canonical JSON of everything above, 64 hex digits."""


class AuditHead(Base):
    """Where the chain ends: one row, so that an end that was cut off is missed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
