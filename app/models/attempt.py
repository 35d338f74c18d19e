"""Captures under way: everything a worker needs between two requests, sealed."""

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class CaptureAttempt(Base):
    """One try of one session. Deleted, with its batches, in the transaction of the decision."""

    __tablename__ = "capture_attempt"
    __table_args__ = (UniqueConstraint("session_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(
        ForeignKey("verification_session.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[int]
    started_at: Mapped[float]
    deadline_at: Mapped[float]
    last_batch_at: Mapped[float]
    """When the newest frames came; a verdict that is still missing long after was lost."""
    next_frame: Mapped[int]
    """Compare-and-set on this number keeps batches in order, each counted once."""
    sealed_progress: Mapped[bytes] = mapped_column(LargeBinary)
    """Challenge and progress, AES-GCM under the master key: targets are secret until released."""
    camera: Mapped[str] = mapped_column(String(400), default="")
    """What the browser says of its camera; a hint, never trusted."""


class CaptureBatch(Base):
    """Measurements of one batch of frames, sealed; pixels are never stored."""

    __tablename__ = "capture_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("capture_attempt.id", ondelete="CASCADE"), index=True)
    first_frame: Mapped[int]
    sealed_measurements: Mapped[bytes] = mapped_column(LargeBinary)
