"""Logos of the hosted page."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class BrandLogo(Base):
    """One logo, decoded and encoded again by us; its name is its content, so it may be cached for ever."""

    __tablename__ = "brand_logo"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the content, 64 hex digits."""
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """PNG."""
    created_at: Mapped[float]
