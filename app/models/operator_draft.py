"""Configurations that are being edited."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class ConfigurationDraft(Base):
    """The one draft of a verification; no link and no session ever sees it."""

    __tablename__ = "configuration_draft"

    verification_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """No foreign key: the verification itself comes to be when the draft is first published."""
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    document: Mapped[str] = mapped_column(Text)
    """The configuration as canonical JSON."""
    revision: Mapped[int]
    """Raised by every save: who edited an older one is told."""
    base_version: Mapped[int]
    """The published version that the draft began with; 0 = none."""
    changed_at: Mapped[float]
    changed_by: Mapped[str] = mapped_column(String(254))
    """E-mail address of whoever saved last."""
