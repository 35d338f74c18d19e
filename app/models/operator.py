"""Operators of the console: accounts, their sessions, and what keeps strangers out."""

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Operator(Base):
    """One person who may use the console. Without a password nobody can sign in as them yet."""

    __tablename__ = "operator"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """In lower case: addresses that differ in case only are one person."""
    role: Mapped[str] = mapped_column(String(10))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """Argon2id, with its parameters and salt."""
    sealed_totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[float | None]
    """When the first code was entered; a secret that was only shown protects nothing."""
    last_totp_step: Mapped[int | None]
    """The latest 30-second step whose code was used: no code counts twice."""
    created_at: Mapped[float]
    last_login_at: Mapped[float | None]
    disabled_at: Mapped[float | None]


class OperatorSession(Base):
    """One browser in which an operator is signed in; deleting the row signs it out."""

    __tablename__ = "operator_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the cookie."""
    operator_id: Mapped[str] = mapped_column(ForeignKey("operator.id", ondelete="CASCADE"), index=True)
    stage: Mapped[str] = mapped_column(String(16))
    """`second_factor` and `enrolment` open one page each; `full` opens what the role may see."""
    created_at: Mapped[float]
    last_seen_at: Mapped[float]
    """Kept to the minute."""
    proved_at: Mapped[float]
    """When password or code were last entered."""
    address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(200))


class OperatorLink(Base):
    """A single-use link with which somebody sets their password."""

    __tablename__ = "operator_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[str | None] = mapped_column(ForeignKey("operator.id", ondelete="CASCADE"), index=True)
    """None for the link of the very first start, which makes an owner."""
    seed: Mapped[str | None] = mapped_column(String(32))
    """The first link's token comes from this and the master key: every process says the same."""
    created_at: Mapped[float]
    expires_at: Mapped[float]
    used_at: Mapped[float | None]
    announced_at: Mapped[float | None]


class RecoveryCode(Base):
    """One code that replaces the second factor once."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256; the code has 80 random bits, so nobody can try them all."""
    operator_id: Mapped[str] = mapped_column(ForeignKey("operator.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[float | None]


class LoginThrottle(Base):
    """How often signing in failed lately, per account and per address."""

    __tablename__ = "login_throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of what is counted: an address that somebody mistyped is not kept."""
    failures: Mapped[int]
    last_failure_at: Mapped[float]
    blocked_until: Mapped[float]
