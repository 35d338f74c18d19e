"""When frames were captured, in the server's time: the browser's intervals tied to the server's arrivals."""

from collections.abc import Sequence
from itertools import accumulate

from app.pipeline.types import FrameMeasurement


def capture_times(frames: Sequence[FrameMeasurement]) -> list[float]:
    """Return when each frame was captured, ms of the server's clock.

    The server's clock minus the browser's is what the quickest delivery so far shows: late by the shortest
    transport time, tens of ms, and never later than the arrival. A forged browser clock can shift a frame
    only within the time that it was under way.
    """
    offsets = accumulate((frame.received_ms - frame.client_ms for frame in frames), min)
    return [frame.client_ms + offset for frame, offset in zip(frames, offsets, strict=True)]
