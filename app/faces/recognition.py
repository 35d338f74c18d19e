"""Measures a probe against a collection: the finding that the policy decides about."""

from sqlalchemy.orm import Session

from app.decision.types import RecognitionMode
from app.faces.collections import lock_collection, require_dimensions, rotation_of
from app.faces.keys import face_named
from app.faces.protection import protect
from app.faces.search.interface import FaceSearch
from app.faces.types import Hit, ProtectedTemplate, Template, TemplateKind
from app.faces.vectors import cosine_similarity, stored_template
from app.models import Collection, Face
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
) -> Finding:
    """Compare and search as `mode` needs, and lock the collection until the transaction ends.

    Call it in the transaction that decides and enrols: between the answer "nobody alike" and the
    enrolment nobody else can then enrol the same face.

    The score is the similarity that decides in this mode: to the known id's face, otherwise to the most
    similar other face (`NOBODY_ALIKE` when there is none). It is None, which can never pass, when the
    known face, or any face that uniqueness has to be checked against, came from another model.
    """
    protected = protected_probe(session, sealer, collection, probe)
    known = face_named(session, collection, external_id)
    match = _match_similarity(known, protected, probe.kind)
    own_id = external_id if mode is RecognitionMode.UNIQUE_MATCH else None
    hit = _nearest(session, index, collection, protected, probe, own_id) if mode in SEARCHING else None
    # Past faces of another model nobody can be called new.
    complete = mode not in UNIQUE or not index.count_incomparable(session, collection, probe.kind)
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
            "collection_size": index.count(session, collection, probe.kind),
            "match_face_id": None if known is None else known.id,
            "search_face_id": None if hit is None else hit.face_id,
        },
    )


def kind_of(face: Face) -> TemplateKind:
    """Return what a stored face was made with."""
    return TemplateKind(face.recognition_model, face.landmarker)


def protected_probe(
    session: Session, sealer: Sealer, collection: Collection, probe: Template
) -> ProtectedTemplate:
    """Lock the collection and return the probe in its space; `SettingsError` when it does not fit."""
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


def _deciding(
    mode: RecognitionMode, known: Face | None, match: float | None, hit: Hit | None
) -> float | None:
    if known is not None and mode in MATCHING:
        return match
    return NOBODY_ALIKE if hit is None else hit.similarity
