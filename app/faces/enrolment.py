"""Writes of faces: enrol, refine after a return visit, forget. Each raises the collection's revision."""

import math
import os

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import NotFoundError, StateConflictError
from app.faces import events
from app.faces.collections import lock_collection, next_revision, require_dimensions, rotation_of
from app.faces.keys import add_key, face_named, require_key
from app.faces.protection import Randomness, protect
from app.faces.recognition import kind_of
from app.faces.types import Template
from app.faces.vectors import cosine_similarity, fused, stored_template, template_bytes
from app.models import Collection, Face
from app.sealing import Sealer

# Refinement. A template grows by at most one frame's worth per visit and stops at five frames: beyond
# that the calibration shows no gain, and the number of visits that can ever move it stays finite.
VISIT_WEIGHT = 1.0
LARGEST_SIZE = 5.0
# A visit counts only when its angle to the stored template is at most this share of the threshold's
# angle. Mixing weight w into a template of size s turns it by at most w/(s + w) of that angle, so from
# size 1 all visits together turn it by at most 0.75 × (1/2 + 1/3 + 1/4 + 1/5) = 0.96 of the threshold's
# angle: whatever the visits were, the result would still match the first enrolment.
CLOSENESS = 0.75


def enrol(
    session: Session,
    sealer: Sealer,
    collection: Collection,
    template: Template,
    external_id: str | None,
    now: float,
    purge_at: float | None,
    randomness: Randomness = os.urandom,
) -> str:
    """Store a face in the caller's transaction and return its id, 32 hex.

    Raises `StateConflictError` when the external id names a face already: it is never moved to another.
    """
    if external_id is not None:
        require_key(external_id, "reExternalId")
    lock_collection(session, collection)
    require_dimensions(collection, len(template.embedding))
    if face_named(session, collection, external_id) is not None:
        raise StateConflictError("the external id names a face already")
    face = _new_face(session, sealer, collection, template, now, purge_at, randomness)
    if external_id is not None:
        add_key(session, collection, face, external_id, now)
    return face.id


def _new_face(
    session: Session,
    sealer: Sealer,
    collection: Collection,
    template: Template,
    now: float,
    purge_at: float | None,
    randomness: Randomness,
) -> Face:
    protected = protect(rotation_of(sealer, collection), template.embedding)
    face = Face(
        id=randomness(16).hex(), collection_id=collection.id, protected_template=template_bytes(protected),
        effective_size=max(1.0, template.effective_size),
        recognition_model=template.kind.recognition_model, landmarker=template.kind.landmarker,
        revision=next_revision(session, collection, now), created_at=now, last_seen_at=now, purge_at=purge_at,
    )  # fmt: skip
    session.add(face)
    session.flush()
    events.note_enrolled(session, collection, face.id, now)
    return face


def refine(
    session: Session,
    sealer: Sealer,
    collection: Collection,
    face_id: str,
    probe: Template,
    match_threshold: float,
    now: float,
) -> bool:
    """Mix the probe of a passed visit into the stored template; True when it was close enough to do so.

    Only for visits whose decision was `passed`. The similarity is measured again here, and the drift is
    bounded (see `CLOSENESS`): the template can never come to match somebody whom the first enrolment did
    not nearly match.
    """
    lock_collection(session, collection)
    face = face_of(session, collection, face_id)
    face.last_seen_at = now
    weight = min(VISIT_WEIGHT, LARGEST_SIZE - face.effective_size)
    protected = protect(rotation_of(sealer, collection), probe.embedding)
    similarity = cosine_similarity(stored_template(face), protected)
    if weight <= 0 or kind_of(face) != probe.kind or similarity < close_similarity(match_threshold):
        return False
    mixed = fused([stored_template(face), protected], [face.effective_size, weight])
    face.protected_template = template_bytes(mixed)
    face.effective_size += weight
    face.revision = next_revision(session, collection, now)
    session.flush()
    return True


def close_similarity(match_threshold: float) -> float:
    """Return the cosine from which a visit may refine a template, given the visit's 1:1 threshold."""
    return math.cos(CLOSENESS * math.acos(match_threshold))


def face_of(session: Session, collection: Collection, face_id: str) -> Face:
    """Return a face of this collection; `NotFoundError` when it has none of that id."""
    face = session.scalar(select(Face).filter_by(id=face_id, collection_id=collection.id))
    if face is None:
        raise NotFoundError("there is no such face in the collection")
    return face


def forget_face(session: Session, collection: Collection, face_id: str, now: float) -> bool:
    """Delete a face and every external id of it; False when there was none. See `app.faces.erasure`."""
    lock_collection(session, collection)
    found = session.execute(
        delete(Face).where(Face.id == face_id, Face.collection_id == collection.id).returning(Face.id)
    ).all()
    if found:
        next_revision(session, collection, now)
        events.note_deleted(session, collection, face_id, now)
    return bool(found)


def forget_external_id(session: Session, collection: Collection, external_id: str, now: float) -> bool:
    """Delete the face that an external id names; False when it names none."""
    face = face_named(session, collection, external_id)
    return face is not None and forget_face(session, collection, face.id, now)


def forget_all(session: Session, collection: Collection, now: float) -> int:
    """Delete every face of a collection and return how many; `collections.reset` renews the key as well."""
    lock_collection(session, collection)
    gone = delete(Face).where(Face.collection_id == collection.id).returning(Face.id)
    forgotten = len(session.execute(gone).all())
    next_revision(session, collection, now)
    if forgotten:
        events.note_deleted(session, collection, None, now)
    return forgotten


def forget_expired(session: Session, now: float, limit: int = 1000) -> int:
    """Delete up to `limit` faces whose retention is over; return how many. For the worker."""
    due = select(Face.collection_id, Face.id).where(Face.purge_at <= now).order_by(Face.collection_id)
    expired = session.execute(due.limit(limit)).all()
    forgotten = 0
    for collection_id, face_id in expired:
        collection = session.get(Collection, collection_id)  # None: deleted whole in the meantime
        forgotten += collection is not None and forget_face(session, collection, face_id, now)
    return forgotten
