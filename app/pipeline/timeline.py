"""When frames were captured, in the server's time: the browser's intervals tied to the server's arrivals."""

from collections.abc import Sequence

from app.pipeline.types import FrameMeasurement


def clock_offset(frames: Sequence[FrameMeasurement]) -> float:
    """Return server time minus browser time, ms, as the quickest delivery shows it."""
    return min(frame.received_ms - frame.client_ms for frame in frames)


def capture_times(frames: Sequence[FrameMeasurement]) -> list[float]:
    """Return when each frame was captured, ms of the server's clock.

    Never later than its arrival. Late by the shortest transport time, tens of ms; a forged browser clock can
    shift it only within the time that the frame was under way.
    """
    if not frames:
        return []
    offset = clock_offset(frames)
    return [frame.client_ms + offset for frame in frames]
