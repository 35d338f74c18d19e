"""Collections of protected face templates."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.template_type import TemplateVector


class CollectionKind(StrEnum):
    """What the faces of a collection are there for."""

    FACES = "faces"
    """People whom verifications enrol and recognise."""
    BLOCK = "block"
    """People who pass no verification of the project; at most one such collection in each."""


class Collection(Base):
    """A set of faces that see each other; nothing is ever compared across collections."""

    __tablename__ = "collection"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(String(200))
    """What configurations call `collectionId`."""
    kind: Mapped[str] = mapped_column(
        String(8), default=CollectionKind.FACES, server_default=CollectionKind.FACES
    )
    description: Mapped[str] = mapped_column(String(1000), default="")
    sealed_rotation: Mapped[bytes] = mapped_column(LargeBinary)
    """The secret orthonormal matrix, AES-GCM under the master key; destroying it destroys every template."""
    dimensions: Mapped[int]
    revision: Mapped[int]
    """Raised by every change of a face: tells processes that their index is stale."""
    created_at: Mapped[float]
    updated_at: Mapped[float]

    next_recognition_model: Mapped[str | None] = mapped_column(String(80))
    """While the model is being changed: what the templates of `NextTemplate` are made with."""
    next_landmarker: Mapped[str | None] = mapped_column(String(80))
    next_dimensions: Mapped[int | None]
    """None until the first of them came."""
    sealed_next_rotation: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Their own secret matrix: another model may give another number of dimensions."""


class Face(Base):
    """One enrolled identity: a fused template, stored only as a keyed rotation."""

    __tablename__ = "face"
    # The index of a process asks what changed in one collection since a revision.
    __table_args__ = (Index("ix_face_collection_id_revision", "collection_id", "revision"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collection.id", ondelete="CASCADE"))
    protected_template: Mapped[bytes] = mapped_column(TemplateVector)
    """(dimensions,) float32 little-endian, rotated with the collection's secret matrix, length 1."""
    effective_size: Mapped[float]
    """How many independent frames the template is worth, 1 or more."""
    recognition_model: Mapped[str] = mapped_column(String(80))
    landmarker: Mapped[str] = mapped_column(String(80))
    revision: Mapped[int]
    """The collection's revision that wrote this row."""
    created_at: Mapped[float]
    last_seen_at: Mapped[float]
    purge_at: Mapped[float | None] = mapped_column(index=True)
    payload: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    """Whatever JSON the relying site keeps with the face; never looked at."""


class NextTemplate(Base):
    """A face seen by the model that will replace the present one; takes its template's place in the end."""

    __tablename__ = "next_template"

    face_id: Mapped[str] = mapped_column(ForeignKey("face.id", ondelete="CASCADE"), primary_key=True)
    protected_template: Mapped[bytes] = mapped_column(TemplateVector)
    """(next_dimensions,) float32 little-endian, rotated with the collection's next matrix, length 1."""
    effective_size: Mapped[float]
    created_at: Mapped[float]


class FaceKey(Base):
    """An external id that names a face; unique in its collection, so first visits can't race."""

    __tablename__ = "face_key"

    collection_id: Mapped[str] = mapped_column(
        ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    external_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    face_id: Mapped[str] = mapped_column(ForeignKey("face.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[float]
