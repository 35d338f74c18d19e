"""What a person agreed to or declined."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class ConsentRecord(Base):
    """One answer, with the hash of the very text that was shown."""

    __tablename__ = "consent_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(
        ForeignKey("verification_session.id", ondelete="CASCADE"), index=True
    )
    accepted: Mapped[bool]
    text_hash: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(35))
    at: Mapped[float]
