"""Makes a calibration out of embeddings of labelled people."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.evaluation.intervals import wilson
from app.evaluation.photos import Progress, unwatched
from app.evaluation.tail import fit_tail
from app.evaluation.templates import ROUNDS, PhotosByPerson, TemplateScores, compare_templates
from app.faces.calibration import Calibration, OperatingPoint, SinglePhoto, SizeTable

# Template sizes that are calibrated; the largest is where more photos stop to pay.
SIZES = (1, 2, 3, 5)
# 5, 2 and 1 of each decade down to 1e-10, which is one search of a thousand among ten million.
FALSE_MATCH_RATES = tuple(
    float(f"{digit}e{exponent}") for exponent in range(-1, -11, -1) for digit in (5, 2, 1)
)
# Below so many different pairs of people a counted rate says more about them than about the model.
MIN_PAIRS = 10
# Two single photos of a person the service has never met: one false match in a thousand is the usual
# bound for a 1:1 comparison that stands alone. Chosen before any test set was looked at.
SINGLE_PHOTO_FMR = 1e-3
# Thresholds are written with six decimals, rounded up: never looser than measured.
DECIMALS = 1e6

METHOD = (
    "Every person's photos are split at random into two disjoint templates, {rounds} times; templates of"
    " different people are impostors. A threshold is counted while at least {pairs} different pairs of"
    " people reach it, beyond that it is extrapolated: FMR as a power of 1 - cosine, fitted to the highest"
    " thousandth of the impostor scores. fmr95 is the upper end of the Wilson interval of the counted"
    " rate, with the number of pairs of people as the number of trials; fnmr95 that of the false non-match"
    " rate, with the number of people. Thresholds never fall with"
    " template size. The rates hold for two people drawn at random from the data set; people of the same"
    " sex, age and origin resemble each other more."
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a calibration's numbers come from."""

    model: str
    landmarker: str
    dataset: str
    date: str
    """ISO 8601 date of the measurement."""


def calibrate(
    photos: PhotosByPerson,
    provenance: Provenance,
    seed: int,
    progress: Progress = unwatched,
    *,
    failed_to_acquire: int = 0,
) -> Calibration:
    """Measure every pair of template sizes; `InputError` when too few people have enough photos.

    `failed_to_acquire`: photos without a face, which are not among `photos`.
    """
    rng = np.random.default_rng(seed)
    tables: list[SizeTable] = []
    for sizes in progress(list(itertools.combinations_with_replacement(SIZES, 2)), "template sizes"):
        tables.append(_table(compare_templates(photos, sizes, rng), tables))
    return Calibration(
        model=provenance.model, landmarker=provenance.landmarker, dataset=provenance.dataset,
        people=len(photos), photos=sum(len(each) for each in photos.values()), date=provenance.date,
        failed_to_acquire=failed_to_acquire,
        method=METHOD.format(rounds=ROUNDS, pairs=MIN_PAIRS),
        single_photo=_single_photo(tables[0], provenance), tables=tuple(tables),
    )  # fmt: skip


def _single_photo(table: SizeTable, provenance: Provenance) -> SinglePhoto:
    return SinglePhoto(
        threshold=table.threshold(SINGLE_PHOTO_FMR),
        fmr=SINGLE_PHOTO_FMR,
        provenance=f"table 1:1 at FMR 1:1000, measured on {provenance.dataset}",
    )


def _table(scores: TemplateScores, before: Sequence[SizeTable]) -> SizeTable:
    smaller, larger = scores.sizes
    points: list[OperatingPoint] = []
    for rate, (threshold, extrapolated) in zip(FALSE_MATCH_RATES, _thresholds(scores), strict=True):
        floor = max(_floors(before, smaller, larger, rate), points[-1].threshold if points else -1.0)
        points.append(_point(scores, rate, max(threshold, floor), extrapolated))
    return SizeTable(
        smaller=smaller, larger=larger, people=scores.people,
        impostor_comparisons=len(scores.impostor), genuine_comparisons=len(scores.genuine),
        points=tuple(points),
    )  # fmt: skip


def _thresholds(scores: TemplateScores) -> Iterable[tuple[float, bool]]:
    tail = fit_tail(scores.impostor)
    extrapolated = False
    for rate in FALSE_MATCH_RATES:
        counted = scores.threshold_at(rate)
        extrapolated = extrapolated or scores.pairs_above(counted) < MIN_PAIRS
        yield _rounded_up(tail.threshold_at(rate) if extrapolated else counted), extrapolated


def _floors(before: Sequence[SizeTable], smaller: int, larger: int, rate: float) -> float:
    # Larger templates resemble everybody more; where a table has a lower threshold than that of smaller
    # ones, it only had fewer people to meet.
    covered = [table for table in before if table.smaller <= smaller and table.larger <= larger]
    return max((table.threshold(rate) for table in covered), default=-1.0)


def _point(scores: TemplateScores, rate: float, threshold: float, extrapolated: bool) -> OperatingPoint:
    pairs, fnmr = len(scores.pair_maxima), scores.false_non_match_rate(threshold)
    return OperatingPoint(
        fmr=rate,
        threshold=threshold,
        fnmr=round(fnmr, 5),
        extrapolated=extrapolated,
        fmr95=float(f"{wilson(scores.false_match_rate(threshold) * pairs, pairs)[1]:.3g}"),
        fnmr95=float(f"{wilson(fnmr * scores.matched_people, scores.matched_people)[1]:.3g}"),
    )


def _rounded_up(threshold: float) -> float:
    return math.ceil(threshold * DECIMALS) / DECIMALS
