"""Keys that must outlive the master key they were derived from."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class RetainedKey(Base):
    """The key of one purpose whose values are hashes: nobody can make those anew under another key."""

    __tablename__ = "retained_key"

    purpose: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    """32 bytes, AES-GCM under the master key."""
