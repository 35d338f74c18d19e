"""A similarity as people can read it: how rarely two strangers are that alike."""

from app.faces.calibration import Calibration


def false_match_rate(calibration: Calibration, similarity: float | None) -> float | None:
    """Return the lowest calibrated false match rate whose threshold this similarity reaches.

    None when it reaches none, which is what two strangers usually score. Thresholds are those of the
    largest templates, the highest there are: the rate is never told lower than it was measured.
    """
    if similarity is None:
        return None
    largest = calibration.sizes[-1]
    rates = {point.fmr for table in calibration.tables for point in table.points}
    covered = [rate for rate in rates if rate >= max(table.points[-1].fmr for table in calibration.tables)]
    reached = [rate for rate in covered if similarity >= calibration.threshold(largest, largest, rate)]
    return min(reached, default=None)


def one_in(rate: float | None) -> str | None:
    """Return a rate as `1 in N`."""
    return None if rate is None else f"1 in {round(1 / rate)}"
