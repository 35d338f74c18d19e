"""What was deleted on PostgreSQL and still lies about in its files."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class PendingErasure(Base):
    """A table, or partition of one, from which secrets were deleted; written by triggers.

    Gone once the table's files and the write-ahead log hold no trace any more. SQLite erases in place and
    leaves this empty.
    """

    __tablename__ = "pending_erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    relation: Mapped[str] = mapped_column(String(63))
    deleted_by: Mapped[int] = mapped_column(BigInteger, index=True)
    """The deleting transaction's number: one row for each, however many faces it deletes."""
