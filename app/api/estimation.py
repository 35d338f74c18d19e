"""Apparent age, gender and liveness of faces in single pictures. Nothing is stored."""

from dataclasses import replace
from typing import Literal

import numpy as np

from app.api.answering import new_section
from app.api.face_pictures import FoundFace, OnePicture, SomePicture, described, find_faces
from app.api.guards import require_scope
from app.api.scopes import Scope
from app.api.shapes import Answer
from app.hosted.guards import runtime
from app.inference.types import Demographics, FaceEngine, FaceGeometry, RgbImage
from app.runtime import Runtime
from app.vocabulary import Evidence

demographic_section = new_section(
    "Demographic estimation", "demographic-estimation", "Apparent age and gender; only ever an estimate."
)
demographic_section.blueprint.before_request(require_scope)
liveness_section = new_section(
    "Liveness detection",
    "liveness-detection",
    "What a model thinks of one picture. It only keeps honest people honest: liveness that means something "
    "needs a session.",
)
liveness_section.blueprint.before_request(require_scope)

# Mean absolute error of the two age models' mean, years (1,500 UTKFace chips, BENCHMARKS.md): the unit in
# which an estimate's spread is told.
AGE_ERROR_YEARS = 4.42
# The estimate is taken on the face's box and on two that differ from it as much as detectors differ.
BOX_SCALES = (0.95, 1.0, 1.05)


class AgeEstimate(Answer):
    """An apparent age."""

    prediction: float
    """Years."""
    uncertainty: float
    """How much the estimate moves with the crop, in units of its usual error; be careful above 1."""


class AgedFace(Answer):
    """A face and its apparent age."""

    face: FoundFace
    age: AgeEstimate


class AgedFaces(Answer):
    """The largest faces of a picture with their ages."""

    faces: list[AgedFace]
    unprocessed_face_count: int


class GenderedFace(Answer):
    """A face and its apparent gender."""

    face: FoundFace
    gender: Literal["Male", "Female"]
    confidence: float
    """0.5…1; hosted sessions tell a gender from the policy's confidence on."""


class GenderedFaces(Answer):
    """The largest faces of a picture with their genders."""

    faces: list[GenderedFace]
    unprocessed_face_count: int


class Liveness(Answer):
    """What the passive model thinks."""

    is_live: bool
    confidence: float
    """0…1, higher = more like a live capture; 0 without a face."""
    spoof_type: None = None
    """The model does not tell kinds apart."""
    face: FoundFace | None
    model: str


@demographic_section.operation(
    "get-age",
    methods=("POST",),
    need=Scope.DETECTION,
    request=SomePicture,
    answer=AgedFaces,
    takes_picture=True,
)
def get_age(wish: SomePicture) -> AgedFaces:
    """Estimate ages."""
    engine = runtime().engine
    found = find_faces(engine, wish.image, wish.max_face_count)
    return AgedFaces(
        faces=[AgedFace(face=described(face), age=_age(engine, found.image, face)) for face in found.faces],
        unprocessed_face_count=found.unprocessed,
    )


@demographic_section.operation(
    "get-gender",
    methods=("POST",),
    need=Scope.DETECTION,
    request=SomePicture,
    answer=GenderedFaces,
    takes_picture=True,
)
def get_gender(wish: SomePicture) -> GenderedFaces:
    """Estimate genders."""
    engine = runtime().engine
    found = find_faces(engine, wish.image, wish.max_face_count)
    faces = [_gendered(face, engine.estimate_demographics(found.image, face)) for face in found.faces]
    return GenderedFaces(faces=faces, unprocessed_face_count=found.unprocessed)


@liveness_section.operation(
    "detect",
    methods=("POST",),
    need=Scope.DETECTION,
    request=OnePicture,
    answer=Liveness,
    takes_picture=True,
)
def detect_liveness(wish: OnePicture) -> Liveness:
    """Judge the largest face of one picture.

    Passive and without challenge: a good print or screen passes. Whoever needs to know opens a session.
    """
    parts = runtime()
    found = find_faces(parts.engine, wish.image, 1)
    face = found.faces[0] if found.faces else None
    score = parts.engine.bona_fide_score(found.image, face) if face is not None else 0.0
    return Liveness(
        is_live=face is not None and _is_live(parts, score),
        confidence=round(score, 4),
        face=described(face) if face is not None else None,
        model=parts.engine.pad_model,
    )


def _is_live(parts: Runtime, score: float) -> bool:
    """Hold the score against the policy's limits for this model; without one nothing counts as live."""
    limits = [
        limit
        for limit in parts.policy.limits
        if limit.evidence is Evidence.PRESENTATION_ATTACK
        and limit.measure == "score"
        and (not limit.methods or parts.engine.pad_model in limit.methods)
    ]
    return bool(limits) and all(limit.allows(score) for limit in limits)


def _age(engine: FaceEngine, image: RgbImage, face: FaceGeometry) -> AgeEstimate:
    crops = [replace(face, box=_scaled(face.box, scale)) for scale in BOX_SCALES]
    years = [engine.estimate_demographics(image, crop).age_years for crop in crops]
    return AgeEstimate(
        prediction=round(float(np.mean(years)), 2),
        uncertainty=round(float(np.std(years)) / AGE_ERROR_YEARS, 3),
    )


def _scaled(box: tuple[float, float, float, float], scale: float) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return x + width * (1 - scale) / 2, y + height * (1 - scale) / 2, width * scale, height * scale


def _gendered(face: FaceGeometry, estimate: Demographics) -> GenderedFace:
    male = estimate.male_probability
    return GenderedFace(
        face=described(face),
        gender="Male" if male >= 0.5 else "Female",
        confidence=round(max(male, 1 - male), 4),
    )
