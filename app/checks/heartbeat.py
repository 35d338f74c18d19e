"""Signs of life: every worker says at each round that it is there."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.models import WorkerHeartbeat

# A round takes seconds; whoever was silent for so long is gone.
SILENT_AFTER_SECONDS = 120.0
FORGOTTEN_AFTER_SECONDS = 24 * 3600


def beat(db: Session, worker_id: str, now: float) -> None:
    """Note that this worker lives, and forget workers that ended long ago."""
    row = db.get(WorkerHeartbeat, worker_id)
    if row is None:
        db.add(WorkerHeartbeat(id=worker_id, started_at=now, seen_at=now))
    else:
        row.started_at = row.started_at if now - row.seen_at < SILENT_AFTER_SECONDS else now
        row.seen_at = now
    db.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - FORGOTTEN_AFTER_SECONDS))


def last_seen(db: Session) -> float | None:
    """Return when any worker was last seen, unix seconds; None = never."""
    return db.scalar(select(func.max(WorkerHeartbeat.seen_at)))
