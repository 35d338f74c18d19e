"""Failed attempts per external id."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class AttemptLimit(Base):
    """Consecutive failures of one external id under one verification (NIST SP 800-63B numbers)."""

    __tablename__ = "attempt_limit"

    verification_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[float]
    updated_at: Mapped[float] = mapped_column(index=True)
