"""Evaluates age and gender on labelled faces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.evaluation.intervals import mean_interval, wilson
from app.evaluation.labels import LabelledAge
from app.evaluation.photos import Progress, read_photo, subject_of, unwatched, with_border
from app.inference.types import Demographics, FaceEngine

# Data sets of ages are cut close around the face; with half a side more the detector finds nearly all.
BORDER_SHARE = 0.5
# Gender of children is not a fair question; from this age the criterion counts.
GENDER_FROM_AGE = 16
# First year of each band: childhood, the years around 18 on their own, then decades.
BANDS = (0, 13, 18, 25, 35, 50, 65)


@dataclass(frozen=True, slots=True)
class AgeAnswer:
    """One labelled face and what the models said; None when no face was found."""

    label: LabelledAge
    estimate: Demographics | None


def estimate_ages(
    engine: FaceEngine, labels: Sequence[LabelledAge], progress: Progress = unwatched
) -> list[AgeAnswer]:
    """Estimate age and gender of every labelled photo."""
    answers = []
    for label in progress(labels, "photos"):
        image = with_border(read_photo(label.path), BORDER_SHARE)
        face = subject_of(engine, image)
        estimate = None if face is None else engine.estimate_demographics(image, face)
        answers.append(AgeAnswer(label, estimate))
    return answers


def age_report(answers: Sequence[AgeAnswer]) -> dict[str, object]:
    """Return mean absolute error and gender accuracy with 95 % intervals."""
    errors = [abs(_error(answer)) for answer in answers if answer.estimate is not None]
    grown = [answer for answer in answers if answer.label.age >= GENDER_FROM_AGE]
    return {
        "n": len(errors),
        "mae": _mean(errors),
        "maeByBand": {band_name(first): _mean(_errors_in(answers, first)) for first in BANDS},
        "genderAccuracy": _gender_accuracy(answers),
        "genderAccuracyFrom16": _gender_accuracy(grown),
        "failedToAcquire": len(answers) - len(errors),
        "mae95": mean_interval(float(np.mean(errors)), float(np.std(errors)), len(errors))
        if errors
        else None,
        "bias": _mean([_error(answer) for answer in answers if answer.estimate is not None]),
        "nByBand": {band_name(first): len(_errors_in(answers, first)) for first in BANDS},
        "genderAccuracyFrom16_95": wilson(*_gender_counts(grown)),
    }


def band_name(first: int) -> str:
    """Return for example `18-24`, or `65+` for the last band."""
    following = [other for other in BANDS if other > first]
    return f"{first}-{following[0] - 1}" if following else f"{first}+"


def band_of(age: float) -> int:
    """Return the first year of the band that an age is in."""
    return max(first for first in BANDS if first <= age)


def _errors_in(answers: Sequence[AgeAnswer], first: int) -> list[float]:
    return [
        abs(_error(answer))
        for answer in answers
        if answer.estimate is not None and band_of(answer.label.age) == first
    ]


def _error(answer: AgeAnswer) -> float:
    return float("nan") if answer.estimate is None else answer.estimate.age_years - answer.label.age


def _gender_counts(answers: Sequence[AgeAnswer]) -> tuple[int, int]:
    said = [answer for answer in answers if answer.estimate is not None]
    right = sum(
        (answer.estimate.male_probability >= 0.5) == answer.label.is_male
        for answer in said
        if answer.estimate is not None
    )
    return right, len(said)


def _gender_accuracy(answers: Sequence[AgeAnswer]) -> float | None:
    right, total = _gender_counts(answers)
    return right / total if total else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
