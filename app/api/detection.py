"""Faces in single pictures: where they are and how alike. Nothing is stored."""

from typing import Annotated

import numpy as np
from pydantic import Field

from app.api.answering import new_section
from app.api.face_pictures import FoundFace, SomePicture, described, find_faces, template_of
from app.api.guards import require_scope
from app.api.match_odds import one_in
from app.api.scopes import Scope
from app.api.shapes import Answer, Picture, Request
from app.errors import InputError
from app.faces.vectors import cosine_similarity
from app.hosted.guards import runtime
from app.inference.types import Embedding, FaceEngine
from app.runtime import Runtime

section = new_section(
    "Face verification", "face-verification", "Find and compare faces in pictures; nothing is stored."
)
section.blueprint.before_request(require_scope)

Numbers = Annotated[tuple[Annotated[float, Field(ge=-1, le=1)], ...], Field(min_length=1, max_length=4096)]
# A length-1 vector that went through decimal text.
LENGTH_TOLERANCE = 1e-2


class FoundFaces(Answer):
    """The largest faces of a picture."""

    faces: list[FoundFace]
    unprocessed_face_count: int
    """How many more there are."""


class EmbeddedFace(FoundFace):
    """A face with its embedding."""

    embedding: list[float]
    """Length 1; comparable with those of the same model alone. It is biometric data: keep it as such."""


class EmbeddedFaces(Answer):
    """The largest faces of a picture with their embeddings."""

    faces: list[EmbeddedFace]
    unprocessed_face_count: int
    model: str


class TwoEmbeddings(Request):
    """Two embeddings of this service."""

    embedding1: Numbers
    embedding2: Numbers


class TwoPictures(Request):
    """Two pictures; the largest face of each is compared."""

    image1: Picture
    image2: Picture


class Likeness(Answer):
    """How alike two faces are, and what that is worth."""

    similarity: float
    """Cosine, −1…1."""
    false_match_rate: float | None
    """How rarely two strangers are this alike; None: more often than any calibrated rate."""
    odds: str | None
    """The same as `1 in N`."""
    threshold: float
    """From this similarity two single pictures are taken for one person, at a false match rate of 1:1000."""
    is_match: bool


@section.operation(
    "detect-faces",
    methods=("POST",),
    need=Scope.DETECTION,
    request=SomePicture,
    answer=FoundFaces,
    takes_picture=True,
)
def detect_faces(wish: SomePicture) -> FoundFaces:
    """Find faces, largest first."""
    found = find_faces(runtime().engine, wish.image, wish.max_face_count)
    return FoundFaces(
        faces=[described(face) for face in found.faces], unprocessed_face_count=found.unprocessed
    )


@section.operation(
    "get-face-embeddings",
    methods=("POST",),
    need=Scope.DETECTION,
    request=SomePicture,
    answer=EmbeddedFaces,
    takes_picture=True,
)
def get_face_embeddings(wish: SomePicture) -> EmbeddedFaces:
    """Compute the embeddings of faces."""
    engine = runtime().engine
    found = find_faces(engine, wish.image, wish.max_face_count)
    faces = [
        EmbeddedFace(**dict(described(face)), embedding=engine.embed(found.image, face).tolist())
        for face in found.faces
    ]
    return EmbeddedFaces(
        faces=faces, unprocessed_face_count=found.unprocessed, model=engine.recognition_model
    )


@section.operation(
    "compare-face-embeddings",
    methods=("POST",),
    need=Scope.DETECTION,
    request=TwoEmbeddings,
    answer=Likeness,
)
def compare_face_embeddings(wish: TwoEmbeddings) -> Likeness:
    """Compare two embeddings of single pictures."""
    parts = runtime()
    first = _embedding(parts.engine, wish.embedding1, "embedding1")
    return _likeness(parts, first, _embedding(parts.engine, wish.embedding2, "embedding2"))


@section.operation(
    "compare-faces",
    methods=("POST",),
    need=Scope.DETECTION,
    request=TwoPictures,
    answer=Likeness,
    takes_picture=True,
)
def compare_faces(wish: TwoPictures) -> Likeness:
    """Compare the largest faces of two pictures."""
    parts = runtime()
    first = template_of(parts.engine, wish.image1, "image1").embedding
    return _likeness(parts, first, template_of(parts.engine, wish.image2, "image2").embedding)


def _embedding(engine: FaceEngine, numbers: tuple[float, ...], field: str) -> Embedding:
    vector = np.asarray(numbers, np.float64)
    if vector.shape != (engine.embedding_dimensions,):
        raise InputError(field, f"must have {engine.embedding_dimensions} numbers")
    length = float(np.linalg.norm(vector))
    if not abs(length - 1.0) <= LENGTH_TOLERANCE:
        raise InputError(field, "must have the Euclidean length 1")
    return (vector / length).astype(np.float32)


def _likeness(parts: Runtime, first: Embedding, second: Embedding) -> Likeness:
    similarity = cosine_similarity(first, second)
    rate = parts.calibration.false_match_rate(1.0, 1.0, similarity)
    threshold = parts.calibration.single_photo.threshold
    return Likeness(
        similarity=round(similarity, 5),
        false_match_rate=rate,
        odds=one_in(rate),
        threshold=threshold,
        is_match=similarity >= threshold,
    )
