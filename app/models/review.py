"""Sessions that wait for an operator, and what operators said."""

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class ReviewCase(Base):
    """What rests of a session in review so that an approval can be completed; gone with the verdict."""

    __tablename__ = "review_case"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("verification_session.id", ondelete="CASCADE"), primary_key=True
    )
    opened_at: Mapped[float] = mapped_column(index=True)
    refusal: Mapped[str] = mapped_column(String(32))
    """The reason that the result gives when the operator says no."""
    enrol: Mapped[bool]
    """True: an approval stores the face."""
    collection_id: Mapped[str | None] = mapped_column(String(36))
    sealed_template: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The fused template, rotated with the collection's matrix, AES-GCM under the master key."""
    effective_size: Mapped[float | None]
    recognition_model: Mapped[str | None] = mapped_column(String(80))
    landmarker: Mapped[str | None] = mapped_column(String(80))


class ReviewVote(Base):
    """One operator's answer, with the reason in writing; kept as long as the session."""

    __tablename__ = "review_vote"
    __table_args__ = (UniqueConstraint("session_id", "operator"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("verification_session.id", ondelete="CASCADE"))
    operator: Mapped[str] = mapped_column(String(200))
    verdict: Mapped[str] = mapped_column(String(6))
    """`passed` or `failed`."""
    reason: Mapped[str] = mapped_column(String(2000))
    at: Mapped[float]
