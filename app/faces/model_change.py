"""A new recognition model for people who are enrolled already: visit by visit, and never across models.

While the change is under way the old model decides everything and the new one only watches: whoever is
enrolled, or passes as a known face, gets a template of the new model beside the old one, from the same
frames. In the end the new templates take the place of the old ones, all at once; the faces that never came
back are dropped, because nothing that is stored of them can be compared with anything new.
"""

import os
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import StateConflictError
from app.faces import events
from app.faces.collections import lock_collection, next_revision
from app.faces.protection import (
    Randomness,
    Rotation,
    open_rotation,
    protect,
    random_rotation,
    seal_rotation,
)
from app.faces.types import Template, TemplateKind
from app.faces.vectors import template_bytes
from app.models import Collection, CollectionKind, Face, NextTemplate
from app.sealing import Sealer


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """How far the change of one collection has come."""

    collection: Collection
    target: TemplateKind
    faces: int
    migrated: int
    """Faces that have a template of the new model."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What the end of a change did."""

    moved: int
    dropped: int


def begin(session: Session, collection: Collection, target: TemplateKind, now: float) -> None:
    """Let templates of `target` gather beside the present ones; nothing happens when they do already.

    Raises `StateConflictError` while a change to something else is under way.
    """
    lock_collection(session, collection)
    under_way = target_of(collection)
    if under_way is not None and under_way != target:
        raise StateConflictError(f"a change to {under_way.recognition_model} is under way; abandon it first")
    collection.next_recognition_model = target.recognition_model
    collection.next_landmarker = target.landmarker
    collection.updated_at = now
    session.flush()


def abandon(session: Session, collection: Collection) -> None:
    """Forget the templates of the new model, and their key first; the old ones were never touched."""
    lock_collection(session, collection)
    _clear(session, collection)


def target_of(collection: Collection) -> TemplateKind | None:
    """Return what the collection is changing to; None = it is not changing."""
    if collection.next_recognition_model is None or collection.next_landmarker is None:
        return None
    return TemplateKind(collection.next_recognition_model, collection.next_landmarker)


def keep_next(
    session: Session,
    sealer: Sealer,
    collection: Collection,
    face_id: str,
    template: Template,
    now: float,
    randomness: Randomness = os.urandom,
) -> bool:
    """Keep the new model's template of a face whose old one has just been enrolled or matched.

    Of several visits the one worth most frames is kept. False when the collection is not changing to this
    template's model, or has a better one.
    """
    if target_of(collection) != template.kind:
        return False
    lock_collection(session, collection)
    protected = protect(
        _next_rotation(sealer, collection, len(template.embedding), randomness), template.embedding
    )
    kept = session.get(NextTemplate, face_id)
    if kept is not None and kept.effective_size >= template.effective_size:
        return False
    session.merge(
        NextTemplate(
            face_id=face_id,
            protected_template=template_bytes(protected),
            effective_size=max(1.0, template.effective_size),
            created_at=now,
        )
    )
    session.flush()
    return True


def status(session: Session, project_id: str) -> list[ChangeStatus]:
    """Return the collections of a project that are changing, the block list among them, by name."""
    changing = select(Collection).filter_by(project_id=project_id).order_by(Collection.name)
    found = session.scalars(changing.where(Collection.next_recognition_model.is_not(None)))
    targets = ((collection, target_of(collection)) for collection in found)
    return [_status(session, each, target) for each, target in targets if target is not None]


def finish(session: Session, sealer: Sealer, collection: Collection, now: float) -> Finished:
    """Put the new templates in the place of the old ones and drop the faces that have none.

    From then on only a service that runs the new model can compare anything in this collection.
    """
    lock_collection(session, collection)
    target = target_of(collection)
    if target is None or collection.sealed_next_rotation is None or collection.next_dimensions is None:
        raise StateConflictError("there is no template of another model to change to")
    rotation = open_rotation(
        sealer, _owner(collection), collection.sealed_next_rotation, collection.next_dimensions
    )
    _require_blocked_people(_status(session, collection, target))
    revision = next_revision(session, collection, now)
    dropped = _drop_without_next(session, collection, now)
    moved = _move(session, collection, target, revision)
    collection.sealed_rotation = seal_rotation(sealer, collection.id, rotation)
    collection.dimensions = collection.next_dimensions
    _clear(session, collection)
    return Finished(moved, dropped)


def _require_blocked_people(change: ChangeStatus) -> None:
    # Dropping a face from the block list would let somebody in: an operator has to say so.
    if change.collection.kind == CollectionKind.BLOCK and change.migrated < change.faces:
        missing = change.faces - change.migrated
        raise StateConflictError(
            f"{missing} blocked faces have no template of the new model; unblock them first"
        )


def _drop_without_next(session: Session, collection: Collection, now: float) -> int:
    left_behind = Face.id.not_in(select(NextTemplate.face_id))
    gone = delete(Face).where(Face.collection_id == collection.id, left_behind).returning(Face.id)
    face_ids = session.scalars(gone).all()
    for face_id in face_ids:
        events.note_deleted(session, collection, face_id, now)
    return len(face_ids)


def _move(session: Session, collection: Collection, target: TemplateKind, revision: int) -> int:
    pairs = select(Face, NextTemplate).join(NextTemplate, NextTemplate.face_id == Face.id)
    moved = 0
    for face, following in session.execute(pairs.where(Face.collection_id == collection.id)):
        face.protected_template = following.protected_template
        face.effective_size = following.effective_size
        face.recognition_model, face.landmarker = target.recognition_model, target.landmarker
        face.revision = revision
        moved += 1
    session.flush()
    return moved


def _clear(session: Session, collection: Collection) -> None:
    collection.sealed_next_rotation = collection.next_dimensions = None
    collection.next_recognition_model = collection.next_landmarker = None
    session.flush()
    faces = select(Face.id).where(Face.collection_id == collection.id)
    session.execute(delete(NextTemplate).where(NextTemplate.face_id.in_(faces)))


def _next_rotation(
    sealer: Sealer, collection: Collection, dimensions: int, randomness: Randomness
) -> Rotation:
    sealed = collection.sealed_next_rotation
    if sealed is not None and collection.next_dimensions is not None:
        return open_rotation(sealer, _owner(collection), sealed, collection.next_dimensions)
    rotation = random_rotation(dimensions, randomness)
    collection.sealed_next_rotation = seal_rotation(sealer, _owner(collection), rotation)
    collection.next_dimensions = dimensions
    return rotation


def _owner(collection: Collection) -> str:
    return f"{collection.id}/next"


def _status(session: Session, collection: Collection, target: TemplateKind) -> ChangeStatus:
    own = select(Face.id).where(Face.collection_id == collection.id)
    faces = session.scalar(select(func.count()).select_from(own.subquery())) or 0
    migrated = select(func.count()).select_from(NextTemplate).where(NextTemplate.face_id.in_(own))
    return ChangeStatus(collection, target, faces, session.scalar(migrated) or 0)
