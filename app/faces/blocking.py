"""The block list: faces that pass no verification of a project, one protected collection of its own.

Its faces are named by what they were blocked for: the id of the face that they were copied from. Matching
uses the same calibrated 1:N thresholds as every other search.
"""

import os
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.decision.types import BlockListRequirement
from app.errors import NotFoundError, StateConflictError, VisavisError
from app.faces.calibration import Calibration, search_thresholds
from app.faces.collections import (
    RESERVED_PREFIX,
    count_faces,
    lock_collection,
    lock_name,
    new_collection,
    rotation_of,
)
from app.faces.enrolment import enrol, face_of, forget_face
from app.faces.keys import face_named, keys_of
from app.faces.payload import checked_payload
from app.faces.protection import Randomness, unprotect
from app.faces.recognition import NOBODY_ALIKE, UNIT, kind_of, protected_probe
from app.faces.search.interface import FaceSearch
from app.faces.types import Template
from app.faces.vectors import stored_template
from app.models import Collection, CollectionKind, Face
from app.pipeline.types import Finding
from app.sealing import Sealer
from app.vocabulary import Evidence

NAME = f"{RESERVED_PREFIX}block-list"


@dataclass(frozen=True, slots=True)
class BlockedFace:
    """One face of the block list; `created_at` in unix seconds."""

    face_id: str
    """32 hex, its id on the block list."""
    sources: tuple[str, ...]
    """Ids of the enrolled faces that it was copied from; none when a picture was given."""
    note: object
    created_at: float


def block_list(session: Session, project_id: str) -> Collection | None:
    """Return the project's block list; None when nobody was ever blocked."""
    return session.scalar(select(Collection).filter_by(project_id=project_id, kind=CollectionKind.BLOCK))


def block_face(session: Session, sealer: Sealer, project_id: str, face_id: str, note: str, now: float) -> str:
    """Copy an enrolled face to the block list and return its id there; the face itself stays.

    Raises `NotFoundError` when no collection of the project has the face, `StateConflictError` when it is
    blocked already.
    """
    face = session.scalar(
        select(Face)
        .join(Collection, Collection.id == Face.collection_id)
        .where(
            Face.id == face_id, Collection.project_id == project_id, Collection.kind == CollectionKind.FACES
        )
    )
    if face is None:
        raise NotFoundError("there is no such face in the project")
    rotation = rotation_of(sealer, session.get_one(Collection, face.collection_id))
    template = Template(unprotect(rotation, stored_template(face)), face.effective_size, kind_of(face))
    return block_template(session, sealer, project_id, template, note, now, source=face_id)


def block_template(
    session: Session,
    sealer: Sealer,
    project_id: str,
    template: Template,
    note: str,
    now: float,
    *,
    source: str | None = None,
    randomness: Randomness = os.urandom,
) -> str:
    """Put a face on the block list, which is made on first use; return its id there."""
    checked_payload(note, "note")
    blocked = _get_or_create(session, sealer, project_id, len(template.embedding), now, randomness)
    lock_collection(session, blocked)
    if face_named(session, blocked, source) is not None:
        raise StateConflictError("the face is blocked already")
    face_id = enrol(session, sealer, blocked, template, source, now, None, randomness)
    face_of(session, blocked, face_id).payload = note
    session.flush()
    return face_id


def unblock(session: Session, project_id: str, face_id: str, now: float) -> None:
    """Take a face off the block list, named by its id there or by that of the face it was copied from."""
    blocked = block_list(session, project_id)
    if blocked is None:
        raise NotFoundError("nobody is blocked")
    named = face_named(session, blocked, face_id)
    if not forget_face(session, blocked, named.id if named is not None else face_id, now):
        raise NotFoundError("there is no such face on the block list")


def blocked_faces(session: Session, project_id: str) -> list[BlockedFace]:
    """Return who is blocked, the oldest entry first."""
    blocked = block_list(session, project_id)
    if blocked is None:
        return []
    faces = session.scalars(select(Face).filter_by(collection_id=blocked.id).order_by(Face.created_at))
    return [BlockedFace(face.id, keys_of(session, face.id), face.payload, face.created_at) for face in faces]


def look_up(
    session: Session, index: FaceSearch, sealer: Sealer, blocked: Collection, probe: Template
) -> Finding:
    """Search the block list, and lock it until the transaction ends.

    The score is the similarity of the most similar blocked face, `NOBODY_ALIKE` when nobody is blocked. It
    is None, which passes nobody, when the list cannot be read or holds faces of another model.
    """
    try:
        protected = protected_probe(session, sealer, blocked, probe)
        complete = not index.count_incomparable(session, blocked, probe.kind)
        hits = index.search(session, blocked, protected, probe.kind, top=1)
    except VisavisError as error:
        return _finding(probe, None, {"size": count_faces(session, blocked), "problem": str(error)})
    found = hits[0] if hits else None
    similarity = found.similarity if found is not None else NOBODY_ALIKE
    return _finding(
        probe,
        similarity if complete else None,
        {
            "size": count_faces(session, blocked),
            "blocked_face_id": None if found is None else found.face_id,
            "blocked_face_size": None
            if found is None
            else face_of(session, blocked, found.face_id).effective_size,
        },
    )


def requirement_for(
    calibration: Calibration,
    finding: Finding,
    probe_size: float,
    false_match_rate: float,
    review_uncertain: bool,
) -> BlockListRequirement:
    """Return from which similarity a face is blocked, given how many are on the list."""
    found = finding.details.get("blocked_face_size")
    hit, review = search_thresholds(
        calibration,
        false_match_rate,
        int(finding.details.get("size") or 0),
        probe_size,
        float(found) if found is not None else None,
        review_uncertain,
    )
    return BlockListRequirement(hit, review, review_uncertain)


def _get_or_create(
    session: Session, sealer: Sealer, project_id: str, dimensions: int, now: float, randomness: Randomness
) -> Collection:
    lock_name(session, project_id, NAME)
    blocked = block_list(session, project_id)
    if blocked is None:
        blocked = new_collection(sealer, project_id, NAME, dimensions, now, randomness, CollectionKind.BLOCK)
        session.add(blocked)
        session.flush()
    return blocked


def _finding(
    probe: Template, score: float | None, details: dict[str, float | int | str | bool | None]
) -> Finding:
    method = f"{probe.kind.recognition_model} on {probe.kind.landmarker}"
    return Finding(Evidence.BLOCK_LIST, score, UNIT, method, details)
