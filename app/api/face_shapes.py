"""Shapes of the operations on enrolled faces."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from app.api.collections import CollectionName, NamedCollection
from app.api.match_odds import one_in
from app.api.pages import Page, PageRequest
from app.api.shapes import Answer, ExternalId, Picture, moment, moment_or_none
from app.faces.keys import MAX_KEYS_OF_FACE
from app.faces.matching import DEFAULT_FALSE_MATCH_RATE, MAX_MATCHES, Match
from app.faces.records import FaceRecord

FaceId = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]


class SearchFace(NamedCollection):
    """A picture, and where to look for its largest face."""

    image: Picture
    false_match_rate: Annotated[float, Field(ge=1e-6, le=1e-2)] = DEFAULT_FALSE_MATCH_RATE
    """Of one comparison; made stricter by the size of the collection."""
    face_match_threshold: Annotated[float, Field(ge=0, le=100)] | None = None
    """100 × the least cosine similarity. It can only make the calibrated threshold stricter."""


class FindFaces(SearchFace):
    """A search."""

    max_matches: Annotated[int, Field(ge=1, le=MAX_MATCHES)] = 10


class FaceContent(NamedCollection):
    """What is kept with a face."""

    external_keys: Annotated[tuple[ExternalId, ...], Field(max_length=MAX_KEYS_OF_FACE)] = ()
    """Your own names of the face; each names one face of the collection."""
    payload: Any = None
    """Any JSON of at most 16 KB, never looked at."""


class IndexFace(FaceContent):
    """A picture whose largest face is to be stored."""

    image: Picture


class SearchOrIndexFace(SearchFace, FaceContent):
    """A picture whose largest face is to be found, or stored when it is new."""


class NamedFace(NamedCollection):
    """Which face: by its id, or by one of its external keys."""

    face_id: FaceId | None = None
    external_key: ExternalId | None = None


class KeyOfFace(NamedCollection):
    """A face and one external key of it."""

    face_id: FaceId
    external_key: ExternalId


class FacesOfCollection(PageRequest):
    """Which part of a collection."""

    collection_id: CollectionName


class FaceDocument(Answer):
    """An enrolled face; its template never leaves the service."""

    face_id: str
    external_keys: list[str]
    payload: Any
    created_at: datetime
    last_seen_at: datetime
    purge_at: datetime | None
    recognition_model: str


class FaceMatch(FaceDocument):
    """A stored face that is the same person's."""

    similarity: float
    """Cosine, −1…1."""
    false_match_rate: float | None
    """How rarely two strangers are this alike."""
    odds: str | None
    """The same as `1 in N`."""


class FaceMatches(Answer):
    """Faces that are the same person's, best first."""

    matches: list[FaceMatch]


class OneFace(Answer):
    """A face as it stands."""

    face: FaceDocument


class IndexedFace(Answer):
    """The face that was stored."""

    face_id: str
    face: FaceDocument


class SearchedOrIndexedFace(IndexedFace):
    """The face that was found or stored."""

    result_source: Literal["Search", "Index"]
    match: FaceMatch | None
    """None for a new face."""


class DeletedFaces(Answer):
    """How many faces were deleted."""

    deleted_face_count: int


class FacePage(Page):
    """Faces, by id."""

    faces: list[FaceDocument] = Field(max_length=200)


def face_document(record: FaceRecord) -> FaceDocument:
    """Return a face as it is shown."""
    return FaceDocument(**_content(record))


def face_match(match: Match) -> FaceMatch:
    """Return a found face as it is shown."""
    return FaceMatch(
        **_content(match.face),
        similarity=round(match.similarity, 5),
        false_match_rate=match.false_match_rate,
        odds=one_in(match.false_match_rate),
    )


def _content(record: FaceRecord) -> dict[str, Any]:
    return {
        "face_id": record.face_id,
        "external_keys": list(record.external_keys),
        "payload": record.payload,
        "created_at": moment(record.created_at),
        "last_seen_at": moment(record.last_seen_at),
        "purge_at": moment_or_none(record.purge_at),
        "recognition_model": record.recognition_model,
    }
