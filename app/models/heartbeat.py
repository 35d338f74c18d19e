"""Signs of life of the workers."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class WorkerHeartbeat(Base):
    """One worker process, as long as it runs and for a day after."""

    __tablename__ = "worker_heartbeat"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    """Host and process number."""
    started_at: Mapped[float]
    seen_at: Mapped[float] = mapped_column(index=True)
