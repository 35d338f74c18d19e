"""Webhooks on their way: what is to be delivered, every try, and the secrets that sign them."""

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class WebhookDelivery(Base):
    """One message to one endpoint, until it is delivered or given up."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("ix_webhook_delivery_due", "state", "next_attempt_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(40), index=True)
    """`webhook-id`: the same for every try and every replay of one event."""
    verification_id: Mapped[str] = mapped_column(String(36), index=True)
    session_id: Mapped[str | None] = mapped_column(String(36), index=True)
    event: Mapped[str] = mapped_column(String(40))
    url: Mapped[str] = mapped_column(String(2000))
    body: Mapped[str] = mapped_column(String(2000))
    """The JSON that is signed and sent; ids only."""
    state: Mapped[str] = mapped_column(String(10))
    """`pending`, `delivered` or `dead`."""
    attempts: Mapped[int]
    next_attempt_at: Mapped[float]
    """Unix seconds; while a try is under way, when it counts as lost."""
    created_at: Mapped[float] = mapped_column(index=True)
    concluded_at: Mapped[float | None]


class WebhookAttempt(Base):
    """One try: the delivery log."""

    __tablename__ = "webhook_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[str] = mapped_column(
        ForeignKey("webhook_delivery.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[float]
    status: Mapped[int | None]
    """HTTP status; None when there was no answer."""
    error: Mapped[str | None] = mapped_column(String(200))
    duration_ms: Mapped[float]


class WebhookSecret(Base):
    """One webhook secret of a verification, sealed; at most two live ones, both sign."""

    __tablename__ = "webhook_secret"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    verification_id: Mapped[str] = mapped_column(ForeignKey("verification.id"), index=True)
    sealed_value: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[float]
    retired_at: Mapped[float | None]


class WebhookApiKey(Base):
    """What a verification's webhooks carry as `X-API-Key`, where that is switched on; sealed."""

    __tablename__ = "webhook_api_key"

    verification_id: Mapped[str] = mapped_column(ForeignKey("verification.id"), primary_key=True)
    sealed_value: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[float]
