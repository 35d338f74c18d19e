"""Counts of concluded sessions, added up by the worker; they outlive the sessions and name nobody."""

from typing import Any

from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class MetricRollup(Base):
    """What was counted of one verification's sessions that began within one span of time."""

    __tablename__ = "metric_rollup"

    seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Length of the span: an hour, a day, or 0 for all time."""
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Unix seconds at which the span begins; 0 for all time."""
    verification_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """`*` for the sum of all."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Name → count; see `app.metrics.names`."""
