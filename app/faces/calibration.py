"""Recognition thresholds from measured error rates; a threshold is never a guess.

`config/calibration/<recognition model>.json` holds what `flask calibrate recognition` measured. It belongs
to one recognition model on one landmarker; with any other the service refuses to start.
"""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from app.decision.types import RecognitionMode, RecognitionRequirement
from app.errors import InputError, SettingsError

# Of strangers who are searched for, at most this share may be taken for somebody: 1:1000 as NIST
# SP 800-63A-4 asks of one-to-many systems.
FALSE_POSITIVE_IDENTIFICATION_RATE = 1e-3
# Of strangers who are searched for, at most this share may reach an operator as "uncertain". A choice
# about operators' time: one false alarm in twenty first visits.
FALSE_REVIEW_RATE = 0.05


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class OperatingPoint(_Frozen):
    """One threshold and the error rates that it was measured to have."""

    fmr: float = Field(gt=0, lt=1)
    """False match rate: share of comparisons of two people at or above the threshold."""
    threshold: float = Field(ge=-1, le=1)
    """Cosine similarity at or above which two templates are one person."""
    fnmr: float = Field(ge=0, le=1)
    """False non-match rate: share of comparisons of one person below the threshold."""
    extrapolated: bool
    """True: too few impostors scored that high; a fitted tail gave the threshold."""
    fmr95: float = Field(alias="fmr95", gt=0, le=1)
    """Upper end of the 95 % interval of the false match rate as counted, without the fitted tail."""
    fnmr95: float = Field(default=1.0, ge=0, le=1)
    """Upper end of the 95 % interval of the false non-match rate; 1 where nobody worked it out."""

    @property
    def one_in(self) -> int:
        """The false match rate as people say it: one pair of strangers in so many."""
        return round(1 / self.fmr)


class SizeTable(_Frozen):
    """Operating points of comparing a template of `smaller` frames with one of `larger`.

    The table needs both: fusing frames makes a template more alike to everybody, so that a threshold
    measured on two single frames would let through too much against a template of five.
    """

    smaller: int = Field(ge=1)
    larger: int = Field(ge=1)
    people: int = Field(ge=2)
    impostor_comparisons: int = Field(ge=1)
    genuine_comparisons: int = Field(ge=1)
    points: tuple[OperatingPoint, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _monotone(self) -> "SizeTable":
        for looser, stricter in itertools.pairwise(self.points):
            if stricter.fmr >= looser.fmr or stricter.threshold < looser.threshold:
                raise ValueError("a lower fmr must come later and have no lower threshold")
        return self

    def threshold(self, false_match_rate: float) -> float:
        """Return the threshold of the loosest tabulated point that is no looser than asked for."""
        for point in self.points:
            if point.fmr <= false_match_rate:
                return point.threshold
        raise SettingsError(
            f"falseMatchRate: {false_match_rate:.1e} per comparison is below what the calibration covers"
            f" ({self.points[-1].fmr:.0e}): use a higher rate or a smaller collection"
        )


class SinglePhoto(_Frozen):
    """Threshold for comparing two single photos 1:1, where no collection and no session is involved."""

    threshold: float = Field(ge=-1, le=1)
    fmr: float = Field(gt=0, lt=1)
    provenance: str


class Calibration(_Frozen):
    """All that was measured of one recognition model on one landmarker."""

    model: str
    landmarker: str
    dataset: str
    people: int = Field(ge=2)
    photos: int = Field(ge=2)
    """Photos in which a face was found."""
    failed_to_acquire: int = Field(default=0, ge=0)
    """Photos in which none was found, left out of every rate."""
    date: str
    method: str
    single_photo: SinglePhoto
    tables: tuple[SizeTable, ...] = Field(min_length=1)

    @property
    def sizes(self) -> list[int]:
        """The calibrated template sizes, ascending."""
        return sorted({table.smaller for table in self.tables})

    @model_validator(mode="after")
    def _complete(self) -> "Calibration":
        pairs = [(table.smaller, table.larger) for table in self.tables]
        if self.sizes[0] != 1 or sorted(pairs) != list(
            itertools.combinations_with_replacement(self.sizes, 2)
        ):
            raise ValueError("tables: every pair of sizes is needed once, beginning with 1 and 1")
        return self

    def threshold(self, first_size: float, second_size: float, false_match_rate: float) -> float:
        """Return the threshold for comparing templates worth so many frames each.

        Between calibrated sizes it is interpolated in 1/size. The noise left in a mean of n frames is
        proportional to 1/n, and similarity is convex in it: the chord lies above the curve, which makes
        the interpolated threshold the stricter one. Beyond the largest size, that of the largest holds.
        """
        return sum(
            first_weight * second_weight * self._table(first, second).threshold(false_match_rate)
            for first, first_weight in self._neighbours(first_size)
            for second, second_weight in self._neighbours(second_size)
        )

    def false_match_rate(self, first_size: float, second_size: float, similarity: float) -> float | None:
        """Return how rarely two strangers are this alike: the strictest tabulated rate that it reaches.

        None when it reaches none, so that they are alike no more than strangers usually are.
        """
        covered = max(table.points[-1].fmr for table in self.tables)
        rates = (point.fmr for point in self.tables[0].points if point.fmr >= covered)
        reached = (rate for rate in rates if similarity >= self.threshold(first_size, second_size, rate))
        return min(reached, default=None)

    def _table(self, first: int, second: int) -> SizeTable:
        pair = (min(first, second), max(first, second))
        return next(table for table in self.tables if (table.smaller, table.larger) == pair)

    def _neighbours(self, size: float) -> Iterator[tuple[int, float]]:
        size = min(max(size, 1.0), float(self.sizes[-1]))
        below = max(each for each in self.sizes if each <= size)
        above = min(each for each in self.sizes if each >= size)
        if below == above:
            yield below, 1.0
            return
        share_above = (1 / below - 1 / size) / (1 / below - 1 / above)
        yield from ((below, 1 - share_above), (above, share_above))


def read_calibration(config_dir: Path, recognition_model: str, landmarker: str) -> Calibration:
    """Read the calibration of exactly this model and landmarker.

    Files are `calibration/<model>.json` and, for further landmarkers, `calibration/<model>.<any>.json`.
    Raises `SettingsError` when none of them fits or one cannot be read: without thresholds nobody could
    be told apart, and the service must not start.
    """
    folder = config_dir / "calibration"
    names = [folder / f"{recognition_model}.json", *sorted(folder.glob(f"{recognition_model}.*.json"))]
    found = [load_calibration(path) for path in names if path.exists()]
    for calibration in found:
        if (calibration.model, calibration.landmarker) == (recognition_model, landmarker):
            return calibration
    covered = ", ".join(f"{each.model} on {each.landmarker}" for each in found) or "nothing"
    raise SettingsError(
        f"{folder}: no calibration of {recognition_model} on {landmarker} (there is: {covered});"
        " run `flask calibrate recognition`"
    )


def load_calibration(path: Path) -> Calibration:
    """Read one calibration file; `SettingsError` naming the file and what is wrong in it."""
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise SettingsError(f"{path}: {where}: {first['msg']}") from None


def thresholds(
    calibration: Calibration,
    mode: RecognitionMode,
    false_match_rate: float,
    effective_sizes: tuple[float, float],
    collection_size: int,
    review_uncertain: bool = False,
    found_size: float | None = None,
) -> RecognitionRequirement:
    """Turn a configured false match rate into similarity thresholds.

    `effective_sizes` are those of the stored template and of the probe (twice the probe's when nothing is
    stored yet); `found_size` is that of the face that the search found, None = not known, which takes
    the largest and so the strictest. 1:1 holds the configured rate. 1:N is never looser, and so strict
    that a stranger is taken for any of `collection_size` people in at most one search of a thousand.

    With `review_uncertain` a band below the 1:N threshold goes down to the configured rate, but sends at
    most one stranger in twenty to an operator. Without it there is no band, because whoever fell into it
    would be refused unheard, far more often than once in a thousand.
    """
    stored, probe = effective_sizes
    search, review = search_thresholds(
        calibration, false_match_rate, collection_size, probe, found_size, review_uncertain
    )
    return RecognitionRequirement(
        mode=mode,
        match_threshold=calibration.threshold(stored, probe, false_match_rate),
        search_threshold=search,
        review_threshold=review,
        review_uncertain=review_uncertain,
    )


def search_thresholds(
    calibration: Calibration,
    false_match_rate: float,
    collection_size: int,
    probe_size: float,
    found_size: float | None = None,
    review_uncertain: bool = False,
) -> tuple[float, float]:
    """Return from where a 1:N search has a hit, and from where an operator may have to look.

    See `thresholds`; without `review_uncertain` both are the same.
    """
    if not 0 < false_match_rate < 1:
        raise InputError("falseMatchRate", "must be above 0 and below 1")
    found = calibration.sizes[-1] if found_size is None else found_size
    search, review = (
        calibration.threshold(found, probe_size, _search_rate(false_match_rate, rate, collection_size))
        for rate in (FALSE_POSITIVE_IDENTIFICATION_RATE, FALSE_REVIEW_RATE)
    )
    return search, min(review, search) if review_uncertain else search


def rate_per_comparison(search_rate: float, collection_size: int) -> float:
    """Return the FMR at which N independent comparisons have one false match at `search_rate`.

    1 − (1 − rate)^(1/N), the inverse of 1 − (1 − FMR)^N, in the form that keeps its digits for large N.
    """
    return -math.expm1(math.log1p(-search_rate) / max(collection_size, 1))


def _search_rate(configured: float, search_rate: float, collection_size: int) -> float:
    return min(configured, rate_per_comparison(search_rate, collection_size))
