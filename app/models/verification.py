"""Verification configurations: a name that stays and versions that never change."""

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Verification(Base):
    """A verification that links point at; `current_version` is what new sessions begin with."""

    __tablename__ = "verification"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    current_version: Mapped[int]
    created_at: Mapped[float]
    deleted_at: Mapped[float | None]


class VerificationVersion(Base):
    """One published configuration, immutable; running sessions keep the version they began with."""

    __tablename__ = "verification_version"
    __table_args__ = (UniqueConstraint("verification_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    verification_id: Mapped[str] = mapped_column(ForeignKey("verification.id"), index=True)
    number: Mapped[int]
    document: Mapped[str] = mapped_column(Text)
    """The configuration as canonical JSON."""
    published_at: Mapped[float]
