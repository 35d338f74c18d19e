"""Search, index and delete by a face that a caller brings: the same rules as for a visit, without a session.

Every function runs in the caller's transaction and holds the collection's lock until that ends, so that
"search, and index when nobody is found" is one step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.errors import InputError, StateConflictError
from app.faces.calibration import Calibration, search_thresholds
from app.faces.enrolment import enrol, face_of, forget_face
from app.faces.keys import add_key
from app.faces.payload import checked_payload
from app.faces.recognition import protected_probe
from app.faces.records import FaceRecord, record_of
from app.faces.search.interface import FaceSearch
from app.faces.types import Hit, Template
from app.models import Collection
from app.sealing import Sealer

DEFAULT_FALSE_MATCH_RATE = 1e-5
MAX_MATCHES = 100


@dataclass(frozen=True, slots=True)
class Search:
    """What a search compares with, and how strictly."""

    index: FaceSearch
    sealer: Sealer
    calibration: Calibration
    false_match_rate: float = DEFAULT_FALSE_MATCH_RATE
    """Of one comparison; made stricter by the size of the collection."""
    least_similarity: float | None = None
    """A threshold of the caller's own, cosine −1…1, in place of the calibrated one."""


@dataclass(frozen=True, slots=True)
class Match:
    """A stored face that is alike enough to be the same person's."""

    face: FaceRecord
    similarity: float
    """Cosine, −1…1."""
    false_match_rate: float | None
    """How rarely two strangers are this alike; None = more often than the calibration covers."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """The face that was found, or the one that was stored because nobody was."""

    face: FaceRecord
    match: Match | None
    """None: nobody was found and the face is new."""


def search(
    session: Session, how: Search, collection: Collection, probe: Template, top: int = 10
) -> list[Match]:
    """Return up to `top` faces that are alike enough, best first; all comparable faces are compared.

    Faces of another model are not looked at: `FaceSearch.count_incomparable` tells how many there are.
    """
    if not 1 <= top <= MAX_MATCHES:
        raise InputError("maxMatches", f"must be 1 to {MAX_MATCHES}")
    protected = protected_probe(session, how.sealer, collection, probe)
    size = how.index.count(session, collection, probe.kind)
    hits = how.index.search(session, collection, protected, probe.kind, top)
    matches = (_match(session, how, collection, probe, size, hit) for hit in hits)
    return [match for match in matches if match is not None]


def index_face(
    session: Session,
    sealer: Sealer,
    collection: Collection,
    probe: Template,
    now: float,
    *,
    external_keys: Sequence[str] = (),
    payload: object = None,
    purge_at: float | None = None,
) -> FaceRecord:
    """Store a face, whether or not it is there already; `StateConflictError` when a key is taken."""
    payload = checked_payload(payload)
    face_id = enrol(session, sealer, collection, probe, None, now, purge_at)
    face = face_of(session, collection, face_id)
    face.payload = payload
    for number, key in enumerate(external_keys):
        add_key(session, collection, face, key, now, f"externalKeys[{number}]")
    session.flush()
    return record_of(session, face)


def search_or_index(
    session: Session,
    how: Search,
    collection: Collection,
    probe: Template,
    now: float,
    *,
    external_keys: Sequence[str] = (),
    payload: object = None,
    purge_at: float | None = None,
) -> Indexed:
    """Return the face that is there, seen now, or store it: of simultaneous calls exactly one stores it.

    Raises `StateConflictError` while the collection holds faces of another model, among which a search
    cannot tell whether somebody is new.
    """
    matches = search(session, how, collection, probe, top=1)
    if matches:
        face = face_of(session, collection, matches[0].face.face_id)
        face.last_seen_at = now
        return Indexed(record_of(session, face), matches[0])
    if how.index.count_incomparable(session, collection, probe.kind):
        raise StateConflictError("the collection holds faces of another model: nobody can be called new")
    stored = index_face(
        session, how.sealer, collection, probe, now,
        external_keys=external_keys, payload=payload, purge_at=purge_at,
    )  # fmt: skip
    return Indexed(stored, None)


def forget_matches(
    session: Session, how: Search, collection: Collection, probe: Template, now: float, *, every: bool
) -> list[str]:
    """Delete the face that is most alike, or with `every` all that are alike enough; return their ids."""
    forgotten: list[str] = []
    while matches := search(session, how, collection, probe, top=MAX_MATCHES if every else 1):
        for match in matches:
            forget_face(session, collection, match.face.face_id, now)
            forgotten.append(match.face.face_id)
        if not every:
            break
    return forgotten


def _match(
    session: Session, how: Search, collection: Collection, probe: Template, size: int, hit: Hit
) -> Match | None:
    face = face_of(session, collection, hit.face_id)
    sizes = face.effective_size, probe.effective_size
    if hit.similarity < _threshold(how, size, sizes):
        return None
    rarity = how.calibration.false_match_rate(*sizes, hit.similarity)
    return Match(record_of(session, face), hit.similarity, rarity)


def _threshold(how: Search, collection_size: int, sizes: tuple[float, float]) -> float:
    if how.least_similarity is not None:
        return how.least_similarity
    found, probe = sizes
    return search_thresholds(how.calibration, how.false_match_rate, collection_size, probe, found)[0]
