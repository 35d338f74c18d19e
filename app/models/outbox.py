"""Events written in the transaction of the state change they report."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class OutboxEvent(Base):
    """One event waiting to be delivered; carries ids only, no personal data."""

    __tablename__ = "outbox_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(40))
    verification_id: Mapped[str] = mapped_column(String(36))
    session_id: Mapped[str] = mapped_column(String(36), index=True)
    created_at: Mapped[float] = mapped_column(index=True)
    delivered_at: Mapped[float | None]


class FaceEvent(Base):
    """One event of a collection's faces, waiting for whichever verifications use the collection."""

    __tablename__ = "face_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(40))
    project_id: Mapped[str] = mapped_column(String(36))
    collection_name: Mapped[str] = mapped_column(String(200))
    """Its name at that time; the collection itself may be gone when the event is sent."""
    face_id: Mapped[str | None] = mapped_column(String(32))
    """None: all faces of the collection."""
    created_at: Mapped[float] = mapped_column(index=True)
    delivered_at: Mapped[float | None]
