"""Frames in, measurements out: the only place where pixels are looked at."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.inference.types import Embedding, FaceEngine, FaceGeometry, RgbImage
from app.pipeline.colour import background_rgb, face_rgb, rim_rgb
from app.pipeline.landmarks import TrackedPoints, face_middle, face_width, keep_tracked
from app.pipeline.movement import NeutralPose
from app.pipeline.noise import noise_floor
from app.pipeline.planning import FramePlan, plan_frame
from app.pipeline.pose import head_pose
from app.pipeline.quality import face_quality
from app.pipeline.types import CaptureSample, FaceMeasurement, FrameMeasurement, MeasurementNeeds

# More people than this need not be told apart; the detector's cost grows with every face.
MAX_FACES = 4
# The search for bystanders costs as much again as all else in a frame; at eight frames a second nobody stays
# unseen for much more than two.
SEARCH_EVERY = 16
# While a face keeps still under the colours of the screen it is found in every third frame and followed in
# the others: its colour is what counts there, the detector and the mesh are most of a frame's cost, and in a
# fifth of a second a head that keeps still moves by less than a patch of skin. At no other time: three
# frames' movement would seem to be made in one, three times as fast as it was.
FIND_EVERY = 3
# Two landmarkers put the middle of one face within a few hundredths of its width; heads cannot be so close.
SAME_PLACE = 0.25


def measure_batch(
    samples: Sequence[CaptureSample],
    engine: FaceEngine,
    needs: MeasurementNeeds,
    measured: Sequence[FrameMeasurement] = (),
    *,
    quick: bool = False,
    neutral: NeutralPose | None = None,
    count_always: bool = False,
    follow: bool = False,
    max_faces: int = MAX_FACES,
    successor: FaceEngine | None = None,
) -> list[FrameMeasurement]:
    """Measure the frames that follow `measured`, in order; `quick` and `neutral` as in `plan_frame`.

    Bystanders are looked for in every `SEARCH_EVERY`th frame, and on until one person alone is seen;
    with `count_always`, for sessions that fail on a second person, in every frame. With `follow` faces are
    looked for in every `FIND_EVERY`th frame. A `successor`, while the models are being changed, embeds what
    is embedded as well.
    """
    known = list(measured)
    for sample in samples:
        if follow and not count_always and may_follow(sample.number, known):
            known.append(follow_frame(sample, known[-1]))
            continue
        plan = plan_frame(known, sample.client_ms, needs, quick=quick, neutral=neutral)
        spared = not count_always and sample.number % SEARCH_EVERY > 0
        alone = spared and bool(known) and known[-1].face_count == 1
        faces = 1 if alone else max_faces
        known.append(measure_frame(sample, engine, plan, max_faces=faces, successor=successor))
    return known[len(measured) :]


def measure_frame(
    sample: CaptureSample,
    engine: FaceEngine,
    plan: FramePlan,
    *,
    max_faces: int = MAX_FACES,
    successor: FaceEngine | None = None,
) -> FrameMeasurement:
    """Measure one frame: up to `max_faces` faces are counted, the largest one is described."""
    faces = engine.detect(sample.image, max_faces)
    face = _measure_face(sample, engine, faces[0], plan) if faces else None
    if successor is not None and face is not None and face.embedding is not None:
        face = replace(face, next_embedding=_embed_again(sample, successor, face))
    return FrameMeasurement(
        number=sample.number,
        client_ms=sample.client_ms,
        received_ms=sample.received_ms,
        digest=sample.digest,
        size=(sample.image.shape[1], sample.image.shape[0]),
        face_count=len(faces),
        face=face,
        noise=noise_floor(sample.image),
    )


def may_follow(number: int, measured: Sequence[FrameMeasurement]) -> bool:
    """Tell whether the face of frame `number` may be taken to be where the frame before it was found."""
    return number % FIND_EVERY > 0 and bool(measured) and measured[-1].face is not None


def follow_frame(sample: CaptureSample, before: FrameMeasurement) -> FrameMeasurement:
    """Measure colour and quality of a frame at the place where the frame before shows the face."""
    size = (sample.image.shape[1], sample.image.shape[0])
    there = before.face if size == before.size else None
    face = None if there is None else _describe(sample.image, there.landmarks, there.presence)
    return FrameMeasurement(
        number=sample.number,
        client_ms=sample.client_ms,
        received_ms=sample.received_ms,
        digest=sample.digest,
        size=size,
        face_count=0 if face is None else before.face_count,
        face=face,
        noise=noise_floor(sample.image),
    )


def _measure_face(
    sample: CaptureSample, engine: FaceEngine, geometry: FaceGeometry, plan: FramePlan
) -> FaceMeasurement:
    face, image = describe_face(sample, geometry), sample.image
    return replace(
        face,
        embedding=engine.embed(image, geometry) if plan.wants_embedding(face) else None,
        demographics=engine.estimate_demographics(image, geometry) if plan.wants_demographics(face) else None,
        bona_fide=engine.bona_fide_score(image, geometry) if plan.wants_bona_fide(face) else None,
    )


def _embed_again(sample: CaptureSample, successor: FaceEngine, face: FaceMeasurement) -> Embedding | None:
    """Return the successor's embedding of the same face; None when it finds none in that place."""
    height, width = sample.image.shape[:2]
    middle = np.array([face.center[0] * width, face.center[1] * height])
    reach = face.width_share * min(width, height) * SAME_PLACE
    for found in successor.detect(sample.image, MAX_FACES):
        if np.linalg.norm(face_middle(keep_tracked(found.landmarks)) - middle) <= reach:
            return successor.embed(sample.image, found)
    return None


def describe_face(sample: CaptureSample, geometry: FaceGeometry) -> FaceMeasurement:
    """Measure everything that needs no further model: place, pose, quality, colour."""
    return _describe(sample.image, keep_tracked(geometry.landmarks), geometry.presence)


def _describe(image: RgbImage, points: TrackedPoints, presence: float) -> FaceMeasurement:
    height, width = image.shape[:2]
    x, y = face_middle(points).tolist()
    return FaceMeasurement(
        center=(x / width, y / height),
        width_share=face_width(points) / min(width, height),
        pose=head_pose(points),
        quality=face_quality(image, points),
        landmarks=points,
        face_rgb=face_rgb(image, points),
        rim_rgb=rim_rgb(image, points),
        background_rgb=background_rgb(image, points),
        presence=presence,
    )
