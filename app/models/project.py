"""A project and its signing secrets."""

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Project(Base):
    """Owner of verifications and signing secrets: one relying party."""

    __tablename__ = "project"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[float]


class SigningSecretRow(Base):
    """One signing secret, encrypted under the master key; at most two live ones per project."""

    __tablename__ = "signing_secret"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    sealed_value: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[float]
    retired_at: Mapped[float | None]
    last_used_at: Mapped[float | None]
