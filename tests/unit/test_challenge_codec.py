"""Measurements and progress rest as bytes between two requests and come back unchanged."""

import json
from dataclasses import replace

import numpy as np
import pytest

from app.capture.challenge import Challenge
from app.capture.coach import advance, begin
from app.capture.evidence_codec import (
    decode_measurements,
    decode_progress,
    encode_measurements,
    encode_progress,
)
from app.pipeline.types import MeasurementNeeds
from app.vocabulary import ChallengeAction, ChallengeType
from tests.measurements import a_face, a_frame, embedding_of

FRAMES = [
    a_frame(0, a_face(yaw=1 / 3)),
    a_frame(1, None),
    a_frame(
        2, replace(a_face(person=None, demographics=None, bona_fide=None), next_embedding=embedding_of(2, 7))
    ),
]


def plain(value: object) -> object:
    """Return something that `==` compares deeply."""
    if isinstance(value, np.ndarray):
        return value.dtype.name, value.tolist()
    fields = getattr(value, "__dataclass_fields__", None)
    return {name: plain(getattr(value, name)) for name in fields} if fields else value


@pytest.mark.parametrize("count", [0, 1, 3])
def test_measurements_come_back_exactly(count: int) -> None:
    decoded = decode_measurements(encode_measurements(FRAMES[:count]))
    assert [plain(frame) for frame in decoded] == [plain(frame) for frame in FRAMES[:count]]


def test_a_frame_takes_less_than_three_kilobytes() -> None:
    assert len(encode_measurements(FRAMES[:1])) < 3000


def test_measurements_that_were_cut_off_do_not_open() -> None:
    data = encode_measurements(FRAMES)
    with pytest.raises(ValueError, match=r"buffer size|cannot reshape"):
        decode_measurements(data[:-6])
    with pytest.raises(ValueError, match="more numbers"):
        decode_measurements(data + bytes(4))


def test_progress_comes_back_at_every_stage() -> None:
    targets = (ChallengeAction.LEFT, ChallengeAction.UP)
    progress = begin(
        Challenge(ChallengeType.BALANCED, targets, (ChallengeAction.RIGHT, ChallengeAction.DOWN)),
        MeasurementNeeds(demographics=True, bona_fide=True),
        single_person=True,
    )
    for number, yaw in enumerate((0, 0, 0, 20, 20, 0, -20, -20, -20)):
        assert decode_progress(json.loads(json.dumps(encode_progress(progress)))) == progress
        progress = advance(progress, [a_frame(number, a_face(yaw=yaw))], number * 100.0)
    assert progress.steps_reached == 1


def test_progress_with_an_unknown_field_does_not_open() -> None:
    document = encode_progress(
        begin(Challenge(ChallengeType.BASIC, (), ()), MeasurementNeeds(), single_person=False)
    )
    with pytest.raises(TypeError, match="surprise"):
        decode_progress(document | {"surprise": 1})
