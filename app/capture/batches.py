"""A batch of frames as the browser sends it: numbers checked here, pictures in `app.capture.intake`."""

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from app.capture.intake import read_sample
from app.capture.light import Shown
from app.errors import InputError, TooLargeError
from app.pipeline.types import CaptureSample

MAX_FRAMES_PER_BATCH = 20
MAX_CLIENT_MS = 24 * 3600 * 1000.0
# No sequence is nearly as long.
MAX_SHOWN = 64


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Consecutive frames of one attempt."""

    attempt: int
    first: int
    """Number of the first frame of the batch, counted from 0 in the attempt."""
    client_ms: tuple[float, ...]
    """The browser's clock for each frame, never going back."""
    pictures: tuple[bytes, ...]
    """Encoded pictures, unread."""
    shown: tuple[Shown, ...] = ()
    """Light steps that the page painted since the last batch."""

    @classmethod
    def from_form(cls, meta: str, pictures: list[bytes]) -> Self:
        """Read the form's `meta` and `frame` fields; `InputError` names what is wrong."""
        document = _object(meta)
        batch = cls(
            attempt=_whole(document, "attempt"),
            first=_whole(document, "first"),
            client_ms=_times(document.get("clientMs")),
            pictures=tuple(pictures),
            shown=_shown(document.get("shown", [])),
        )
        batch._check_counts()
        return batch

    def read_samples(self, received_ms: float) -> list[CaptureSample]:
        """Decode all pictures; one bad picture refuses the batch, naming it as `frame[index]`."""
        return [
            read_sample(
                data,
                number=self.first + index,
                client_ms=client_ms,
                received_ms=received_ms,
                field=f"frame[{index}]",
            )
            for index, (data, client_ms) in enumerate(zip(self.pictures, self.client_ms, strict=True))
        ]

    def _check_counts(self) -> None:
        if not self.pictures:
            raise InputError("frame", "at least one picture")
        if len(self.pictures) > MAX_FRAMES_PER_BATCH:
            raise TooLargeError("frame", f"at most {MAX_FRAMES_PER_BATCH} pictures a batch")
        if len(self.client_ms) != len(self.pictures):
            raise InputError("meta.clientMs", "must have one time for each picture")


def _object(meta: str) -> dict[str, Any]:
    try:
        document = json.loads(meta)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InputError("meta", "must be a JSON object")
    return document


def _whole(document: dict[str, Any], name: str) -> int:
    value = document.get(name)
    if type(value) is not int or not 0 <= value <= 1_000_000:
        raise InputError(f"meta.{name}", "must be a whole number, 0 or more")
    return value


def _times(value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not all(_is_time(item) for item in value):
        raise InputError("meta.clientMs", "must be a list of milliseconds")
    times = tuple(float(item) for item in value)
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InputError("meta.clientMs", "must not go back")
    return times


def _shown(value: object) -> tuple[Shown, ...]:
    if not isinstance(value, list) or len(value) > MAX_SHOWN:
        raise InputError("meta.shown", f"must be a list of at most {MAX_SHOWN} steps")
    return tuple(_shown_step(item) for item in value)


def _shown_step(item: object) -> Shown:
    step, at = (item.get("step"), item.get("at")) if isinstance(item, dict) else (None, None)
    if type(step) is not int or not 0 <= step < MAX_SHOWN or not _is_time(at):
        raise InputError("meta.shown", "each must have a whole number `step` and milliseconds `at`")
    return Shown(step, float(at))  # type: ignore[arg-type]


def _is_time(item: object) -> bool:
    if type(item) not in (int, float):
        return False
    number = float(item)  # type: ignore[arg-type]
    return math.isfinite(number) and 0 <= number <= MAX_CLIENT_MS
