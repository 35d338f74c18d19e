"""One visit, its transitions, its findings, and the nonces that were spent."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

# A handful of rows at any time: the worker counts a session soon after its end.
_UNCOUNTED = "counted_at IS NULL AND concluded_at IS NOT NULL"
# A session has neither when it begins: opening a link does not write to these two indexes.
_HAS_REASON, _HAS_DEADLINE = "reason IS NOT NULL", "purge_at IS NOT NULL"


def _index_of(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class VerificationSession(Base):
    """One visit of one person. `state` is written by `app.sessions.lifecycle` alone."""

    __tablename__ = "verification_session"
    __table_args__ = (
        Index("ix_verification_session_link", "link_fingerprint", "state"),
        # Lists of sessions, newest first, whole or by one thing, page by page.
        Index("ix_verification_session_created_at", "created_at", "id"),
        Index("ix_verification_session_state", "state", "created_at", "id"),
        _index_of(
            "ix_verification_session_reason",
            *("reason", "created_at", "id", "state", "verification_id"),
            where=_HAS_REASON,
        ),
        Index("ix_verification_session_verification_id", "verification_id", "created_at", "id"),
        Index("ix_verification_session_external_id", "external_id", "created_at", "id"),
        Index("ix_verification_session_of_verification", "verification_id", "state", "created_at", "id"),
        _index_of("ix_verification_session_purge_at", "purge_at", where=_HAS_DEADLINE),
        _index_of("ix_verification_session_uncounted", "concluded_at", where=_UNCOUNTED),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    verification_id: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("verification_version.id"))
    state: Mapped[str] = mapped_column(String(16))

    link_fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of verification id and canonical query: opening the same link finds this session."""
    sealed_link: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The link's query, sealed, so that the page can offer to open it in another browser; gone at the end."""
    nonce: Mapped[str | None] = mapped_column(String(128))
    signed: Mapped[bool]
    external_id: Mapped[str | None] = mapped_column(String(256))
    correlation_id: Mapped[str | None] = mapped_column(String(1024))
    locale: Mapped[str | None] = mapped_column(String(35))
    overrides: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Overrides that were honoured: disabled verifiers, switched outputs, redirect targets."""
    ignored: Mapped[list[Any]] = mapped_column(JSON)
    """Names of parameters that were not known or not allowed, for the engineer who wonders."""
    custom_parameters: Mapped[list[Any]] = mapped_column(JSON)
    """Pass-through pairs; empty unless the configuration passes them on."""

    browser_token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the cookie of the browser that holds this session."""
    page_generation: Mapped[int]
    """Raised whenever the link is opened again; pages of older generations are refused."""
    attempt_number: Mapped[int]
    frame_count: Mapped[int]
    """Frames accepted over all attempts."""
    consented_at: Mapped[float | None]

    reason: Mapped[str | None] = mapped_column(String(32))
    verifier_results: Mapped[dict[str, Any]] = mapped_column(JSON)
    age_years: Mapped[int | None]
    gender: Mapped[str | None] = mapped_column(String(6))
    face_id: Mapped[str | None] = mapped_column(String(32))
    total_face_count: Mapped[int | None]
    decision_notes: Mapped[dict[str, Any]] = mapped_column(JSON)
    challenge_path: Mapped[str | None] = mapped_column(String(16))
    """Which way an Advanced challenge went in the latest attempt."""
    challenge_path_reason: Mapped[str | None] = mapped_column(String(24))

    created_at: Mapped[float]
    expires_at: Mapped[float] = mapped_column(index=True)
    concluded_at: Mapped[float | None]
    purge_at: Mapped[float | None]
    counted_at: Mapped[float | None]
    """When the worker added the concluded session to the metrics: each is counted once."""


class SessionTransition(Base):
    """One move of the state machine, written in the transaction that made it."""

    __tablename__ = "session_transition"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(
        ForeignKey("verification_session.id", ondelete="CASCADE"), index=True
    )
    old_state: Mapped[str | None] = mapped_column(String(16))
    new_state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(32))
    at: Mapped[float]


class FindingRow(Base):
    """One measured fact of one attempt: numbers only, never an image or embedding."""

    __tablename__ = "finding"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(
        ForeignKey("verification_session.id", ondelete="CASCADE"), index=True
    )
    attempt: Mapped[int]
    evidence: Mapped[str] = mapped_column(String(32))
    score: Mapped[float | None]
    unit: Mapped[str] = mapped_column(String(120))
    method: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


class SpentNonce(Base):
    """A nonce, claimed in the transaction that creates its session; the key makes it single-use."""

    __tablename__ = "spent_nonce"

    verification_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(128), primary_key=True)
    session_id: Mapped[str] = mapped_column(String(36))
    forget_at: Mapped[float] = mapped_column(index=True)
    """After the link's own expiration nobody can present the nonce again."""
