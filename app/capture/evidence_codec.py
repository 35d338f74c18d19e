"""Measurements and progress as bytes and plain values: what rests, sealed, between requests. No pickle."""

import json
import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.capture.challenge import Challenge
from app.capture.light import LightProgress
from app.capture.progress import CapturePhase, CaptureProgress, Collected
from app.inference.types import Demographics
from app.pipeline.movement import NeutralPose, StepWatch
from app.pipeline.types import (
    ChallengeStep,
    FaceMeasurement,
    FaceQuality,
    FrameMeasurement,
    HeadPose,
    MeasurementNeeds,
)
from app.vocabulary import ChallengeAction, Guidance, Reason

# Layout: 4 bytes little-endian length of a JSON document, the document, then float32 arrays one after
# another in the order in which the document says that they exist.
_FLOAT = np.dtype("<f4")


def encode_measurements(measurements: Sequence[FrameMeasurement]) -> bytes:
    """Return the bytes of consecutive frames: about 1.5 kB a frame, all numbers kept exactly."""
    arrays: list[NDArray[np.float32]] = []
    frames = [_frame_to_json(frame, arrays) for frame in measurements]
    document = json.dumps(frames, separators=(",", ":")).encode()
    blobs = [np.ascontiguousarray(array, _FLOAT).tobytes() for array in arrays]
    return b"".join([len(document).to_bytes(4, "little"), document, *blobs])


def decode_measurements(data: bytes) -> list[FrameMeasurement]:
    """Return what `encode_measurements` was given; `ValueError` or `KeyError` for anything else."""
    end = 4 + int.from_bytes(data[:4], "little")
    numbers = np.frombuffer(data, _FLOAT, offset=end).astype(np.float32)
    reader = _ArrayReader(numbers)
    frames = [_frame_from_json(document, reader) for document in json.loads(data[4:end])]
    reader.expect_end()
    return frames


class _ArrayReader:
    """Hands out the arrays in the order in which they were written."""

    def __init__(self, numbers: NDArray[np.float32]) -> None:
        self._numbers, self._next = numbers, 0

    def take(self, shape: list[int]) -> NDArray[np.float32]:
        first, self._next = self._next, self._next + math.prod(shape)
        return self._numbers[first : self._next].reshape(shape)

    def expect_end(self) -> None:
        if self._next != len(self._numbers):
            raise ValueError("there are more numbers than the frames account for")


def _frame_to_json(frame: FrameMeasurement, arrays: list[NDArray[np.float32]]) -> dict[str, Any]:
    return {
        "number": frame.number,
        "client_ms": frame.client_ms,
        "received_ms": frame.received_ms,
        "digest": frame.digest,
        "size": list(frame.size),
        "face_count": frame.face_count,
        "noise": frame.noise,
        "face": None if frame.face is None else _face_to_json(frame.face, arrays),
    }


def _frame_from_json(document: dict[str, Any], reader: _ArrayReader) -> FrameMeasurement:
    width, height = document["size"]
    face = document["face"]
    return FrameMeasurement(
        number=document["number"],
        client_ms=document["client_ms"],
        received_ms=document["received_ms"],
        digest=document["digest"],
        size=(width, height),
        face_count=document["face_count"],
        face=None if face is None else _face_from_json(face, reader),
        noise=document["noise"],
    )


def _face_to_json(face: FaceMeasurement, arrays: list[NDArray[np.float32]]) -> dict[str, Any]:
    arrays.append(face.landmarks)
    if face.embedding is not None:
        arrays.append(face.embedding)
    if face.next_embedding is not None:
        arrays.append(face.next_embedding)
    return {
        "center": list(face.center),
        "width_share": face.width_share,
        "pose": _fields(face.pose),
        "quality": _fields(face.quality),
        "landmarks": list(face.landmarks.shape),
        "face_rgb": list(face.face_rgb),
        "rim_rgb": list(face.rim_rgb),
        "background_rgb": None if face.background_rgb is None else list(face.background_rgb),
        "presence": face.presence,
        "embedding": None if face.embedding is None else list(face.embedding.shape),
        "next_embedding": None if face.next_embedding is None else list(face.next_embedding.shape),
        "demographics": None if face.demographics is None else _fields(face.demographics),
        "bona_fide": face.bona_fide,
    }


def _face_from_json(document: dict[str, Any], reader: _ArrayReader) -> FaceMeasurement:
    landmarks = reader.take(document["landmarks"])
    embedding, demographics = document["embedding"], document["demographics"]
    background = document["background_rgb"]
    following = document.get("next_embedding")
    x, y = document["center"]
    return FaceMeasurement(
        center=(x, y),
        width_share=document["width_share"],
        pose=HeadPose(**document["pose"]),
        quality=FaceQuality(**document["quality"]),
        landmarks=landmarks,
        face_rgb=_rgb(document["face_rgb"]),
        rim_rgb=_rgb(document["rim_rgb"]),
        background_rgb=None if background is None else _rgb(background),
        presence=document["presence"],
        embedding=None if embedding is None else reader.take(embedding),
        next_embedding=None if following is None else reader.take(following),
        demographics=None if demographics is None else Demographics(**demographics),
        bona_fide=document["bona_fide"],
    )


def _fields(flat: Any) -> dict[str, Any]:  # noqa: ANN401 -- any dataclass
    """Return the fields of a flat dataclass; `asdict`, which copies deeply, takes ten times as long."""
    return {field.name: getattr(flat, field.name) for field in fields(flat)}


def _rgb(values: list[float]) -> tuple[float, float, float]:
    red, green, blue = values
    return (red, green, blue)


def encode_progress(progress: CaptureProgress) -> dict[str, Any]:
    """Return plain JSON values."""
    light = None if progress.light is None else progress.light.to_json()
    collected = _fields(progress.collected)
    return _fields(progress) | {
        "challenge": progress.challenge.to_json(),
        "needs": _fields(progress.needs),
        "good": [_fields(pose) for pose in progress.good],
        "neutral": None if progress.neutral is None else _fields(progress.neutral),
        "steps": [_fields(step) for step in progress.steps],
        "watch": _fields(progress.watch),
        "collected": collected | {"estimated": [_fields(pose) for pose in progress.collected.estimated]},
        "light": light,
    }


def decode_progress(document: dict[str, Any]) -> CaptureProgress:
    """Return what `encode_progress` was given; `ValueError`, `TypeError` or `KeyError` for anything else."""
    neutral, watch, reason = document["neutral"], document["watch"], document["reason"]
    leaving = watch["leaving"]
    special = {
        "challenge": Challenge.from_json(document["challenge"]),
        "needs": MeasurementNeeds(**document["needs"]),
        "phase": CapturePhase(document["phase"]),
        "guidance": Guidance(document["guidance"]),
        "reason": None if reason is None else Reason(reason),
        "good": tuple(NeutralPose(**pose) for pose in document["good"]),
        "neutral": None if neutral is None else NeutralPose(**neutral),
        "steps": tuple(_step_from_json(step) for step in document["steps"]),
        "watch": StepWatch(**{**watch, "leaving": None if leaving is None else ChallengeAction(leaving)}),
        "collected": _collected_from_json(document["collected"]),
        "light": None if document["light"] is None else LightProgress.from_json(document["light"]),
    }
    return CaptureProgress(**{**document, **special})


def _collected_from_json(document: dict[str, Any]) -> Collected:
    estimated = tuple(NeutralPose(**pose) for pose in document["estimated"])
    return Collected(**{**document, "estimated": estimated})


def _step_from_json(document: dict[str, Any]) -> ChallengeStep:
    action = ChallengeAction(document["action"])
    return ChallengeStep(action, document["released_ms"], document["reached_ms"])
