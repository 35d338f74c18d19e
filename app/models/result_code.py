"""One-time codes that stand for a result on the URL."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class ResultCode(Base):
    """A code handed to the browser; the backend redeems it once, within its lifetime."""

    __tablename__ = "result_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the code; the code itself is never stored."""
    session_id: Mapped[str] = mapped_column(
        ForeignKey("verification_session.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[float] = mapped_column(index=True)
    redeemed_at: Mapped[float | None]
    refused_redemptions: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often somebody came with it again: more than none means that it leaked or is sent twice."""
    last_refused_at: Mapped[float | None]
