"""Measures a probe against a collection: the finding that the policy decides about."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.decision.types import RecognitionMode
from app.faces.collections import lock_collection, require_dimensions, rotation_of
from app.faces.protection import protect
from app.faces.search.interface import FaceSearch
from app.faces.types import Hit, ProtectedTemplate, Template, TemplateKind
from app.faces.vectors import cosine_similarity, stored_template
from app.models import Collection, Face, FaceKey
from app.pipeline.types import Finding
from app.sealing import Sealer
from app.vocabulary import Evidence

UNIT = "cosine similarity, −1…1, higher = more alike"

# The lowest cosine there is: measured, and nobody to compare with. None would mean "could not measure".
NOBODY_ALIKE = -1.0

# Modes that look through the whole collection; the others never do, since nothing in them needs it.
SEARCHING = frozenset(
    {RecognitionMode.DUPLICATE, RecognitionMode.UNIQUE_MATCH, RecognitionMode.IDENTIFICATION}
)
# Modes in which "nobody alike" lets a face in, so that a face left uncompared would be a loophole.
UNIQUE = frozenset({RecognitionMode.DUPLICATE, RecognitionMode.UNIQUE_MATCH})
# Modes in which a known external id is compared 1:1.
MATCHING = frozenset({RecognitionMode.MATCH, RecognitionMode.UNIQUE_MATCH})


def compare(
    session: Session,
    index: FaceSearch,
    sealer: Sealer,
    collection: Collection,
    probe: Template,
    mode: RecognitionMode,
    external_id: str | None,
    blocked: Collection | None = None,
) -> Finding:
    """Compare and search as `mode` needs, and lock the collection until the transaction ends.

    Call it in the transaction that decides and enrols: between the answer "nobody alike" and the
    enrolment nobody else can then enrol the same face.

    The score is the similarity that decides in this mode: to the known id's face, otherwise to the most
    similar other face (`NOBODY_ALIKE` when there is none). It is None, which can never pass, when the
    known face, or any face that uniqueness has to be checked against, came from another model.
    """
    protected = _protected(session, sealer, collection, probe)
    known = face_named(session, collection, external_id)
    match = _match_similarity(known, protected, probe.kind)
    own_id = external_id if mode is RecognitionMode.UNIQUE_MATCH else None
    hit = _nearest(session, index, collection, protected, probe, own_id) if mode in SEARCHING else None
    barred = _nearest_blocked(session, index, sealer, blocked, probe)
    complete = _is_complete(session, index, collection, probe.kind, mode, blocked)
    return Finding(
        Evidence.FACE_COMPARISON,
        _deciding(mode, known, match, hit) if complete else None,
        UNIT,
        f"{probe.kind.recognition_model} on {probe.kind.landmarker}",
        {
            "mode": mode.value,
            "known": known is not None,
            "match_similarity": match,
            "search_similarity": None if hit is None else hit.similarity,
            "blocked_similarity": None if barred is None else barred.similarity,
            "collection_size": index.count(session, collection, probe.kind),
            "match_face_id": None if known is None else known.id,
            "search_face_id": None if hit is None else hit.face_id,
        },
    )


def face_named(session: Session, collection: Collection, external_id: str | None) -> Face | None:
    """Return the face that an external id names in this collection, or None."""
    if external_id is None:
        return None
    return session.scalar(
        select(Face)
        .join(FaceKey, FaceKey.face_id == Face.id)
        .where(FaceKey.collection_id == collection.id, FaceKey.external_id == external_id)
    )


def external_ids_of(session: Session, face_id: str) -> tuple[str, ...]:
    """Return the external ids that name a face, sorted."""
    keys = select(FaceKey.external_id).filter_by(face_id=face_id).order_by(FaceKey.external_id)
    return tuple(session.scalars(keys))


def kind_of(face: Face) -> TemplateKind:
    """Return what a stored face was made with."""
    return TemplateKind(face.recognition_model, face.landmarker)


def _protected(
    session: Session, sealer: Sealer, collection: Collection, probe: Template
) -> ProtectedTemplate:
    lock_collection(session, collection)
    require_dimensions(collection, len(probe.embedding))
    return protect(rotation_of(sealer, collection), probe.embedding)


def _match_similarity(known: Face | None, protected: ProtectedTemplate, kind: TemplateKind) -> float | None:
    if known is None or kind_of(known) != kind:
        return None
    return cosine_similarity(stored_template(known), protected)


def _nearest(
    session: Session,
    index: FaceSearch,
    collection: Collection,
    protected: ProtectedTemplate,
    probe: Template,
    own_id: str | None,
) -> Hit | None:
    hits = index.search(session, collection, protected, probe.kind, top=1, exclude_external_id=own_id)
    return hits[0] if hits else None


def _nearest_blocked(
    session: Session, index: FaceSearch, sealer: Sealer, blocked: Collection | None, probe: Template
) -> Hit | None:
    if blocked is None:
        return None
    protected = _protected(session, sealer, blocked, probe)
    return _nearest(session, index, blocked, protected, probe, None)


def _is_complete(
    session: Session,
    index: FaceSearch,
    collection: Collection,
    kind: TemplateKind,
    mode: RecognitionMode,
    blocked: Collection | None,
) -> bool:
    searched = [collection] if mode in UNIQUE else []
    searched += [] if blocked is None else [blocked]
    return not any(index.count_incomparable(session, each, kind) for each in searched)


def _deciding(
    mode: RecognitionMode, known: Face | None, match: float | None, hit: Hit | None
) -> float | None:
    if known is not None and mode in MATCHING:
        return match
    return NOBODY_ALIKE if hit is None else hit.similarity
