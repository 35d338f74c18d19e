"""Recognition thresholds from measured error rates; a threshold is never a guess.

`config/calibration/<recognition model>.json` holds what `flask calibrate recognition` measured. It belongs
to one recognition model on one landmarker; with any other the service refuses to start.
"""

import itertools
import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from app.decision.types import RecognitionMode, RecognitionRequirement
from app.errors import SettingsError

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


class SizeTable(_Frozen):
    """Operating points of templates that are worth `size` independent frames."""

    size: int = Field(ge=1)
    impostor_comparisons: int = Field(ge=1)
    genuine_comparisons: int = Field(ge=1)
    points: tuple[OperatingPoint, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _monotone(self) -> "SizeTable":
        for looser, stricter in itertools.pairwise(self.points):
            if stricter.fmr >= looser.fmr or stricter.threshold < looser.threshold:
                raise ValueError(f"size {self.size}: a lower fmr must come later and have no lower threshold")
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
    date: str
    method: str
    single_photo: SinglePhoto
    sizes: tuple[SizeTable, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ascending(self) -> "Calibration":
        sizes = [table.size for table in self.sizes]
        if sizes != sorted(set(sizes)) or sizes[0] != 1:
            raise ValueError("sizes: must begin with 1 and ascend")
        return self

    def threshold(self, size: float, false_match_rate: float) -> float:
        """Return the threshold for templates worth `size` frames.

        Between two calibrated sizes the higher threshold of the two holds; beyond the largest, its own.
        """
        largest = self.sizes[-1].size
        clamped = min(max(size, 1.0), float(largest))
        below = max((table for table in self.sizes if table.size <= clamped), key=lambda table: table.size)
        above = min((table for table in self.sizes if table.size >= clamped), key=lambda table: table.size)
        return max(below.threshold(false_match_rate), above.threshold(false_match_rate))


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
) -> RecognitionRequirement:
    """Turn a configured false match rate into similarity thresholds.

    `effective_sizes` are those of the stored template and of the probe (twice the probe's when nothing is
    stored yet). 1:1 holds the configured rate. 1:N is never looser, and so strict that a stranger is
    taken for any of `collection_size` people in at most one search of a thousand. With `review_uncertain`
    the band below it goes down to the configured rate, but sends at most one stranger in twenty to an
    operator; without it there is no band, because whoever is in it would be refused unheard.
    """
    size = min(effective_sizes)
    search_rate = min(
        false_match_rate, rate_per_comparison(FALSE_POSITIVE_IDENTIFICATION_RATE, collection_size)
    )
    search = calibration.threshold(effective_sizes[1], search_rate)
    review_rate = min(false_match_rate, rate_per_comparison(FALSE_REVIEW_RATE, collection_size))
    review = calibration.threshold(effective_sizes[1], review_rate) if review_uncertain else search
    return RecognitionRequirement(
        mode=mode,
        match_threshold=calibration.threshold(size, false_match_rate),
        search_threshold=search,
        review_threshold=min(review, search),
        review_uncertain=review_uncertain,
    )


def rate_per_comparison(search_rate: float, collection_size: int) -> float:
    """Return the FMR at which N independent comparisons have one false match at `search_rate`.

    1 − (1 − rate)^(1/N), the inverse of 1 − (1 − FMR)^N, in the form that keeps its digits for large N.
    """
    return -math.expm1(math.log1p(-search_rate) / max(collection_size, 1))
