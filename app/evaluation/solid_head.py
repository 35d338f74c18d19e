"""Fits the discriminants of `app.pipeline.verifiers.solid_head`, and tells how often they are wrong."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.evaluation.intervals import clopper_pearson
from app.pipeline.discriminant import LinearDiscriminant
from app.pipeline.foreshortening import nod_features, turn_features
from app.pipeline.landmarks import TrackedPoints
from app.pipeline.pose import head_pose
from app.pipeline.types import HeadPose
from app.pipeline.verifiers.solid_head import FEATURES, MASK, SHEET

Values = NDArray[np.float64]

SHRINKAGE, FOLDS = 0.05, 8
# Photos count more often than rendered heads: only they show expressions, speech and what real lenses do.
PHOTO_WEIGHT = 2
# Rates at which people may be refused for which the share of pictures that pass is told.
BPCERS = (0.002, 0.005, 0.01, 0.02)
# Two photos of one person are a movement when they differ by so many degrees on its axis and hardly on the
# other.
NEUTRAL_YAW, NEUTRAL_PITCH = 8.0, 9.0
TURN_RANGE, NOD_RANGE, OTHER_AXIS = (12.0, 45.0), (8.0, 30.0), (8.0, 12.0)
TRIPLES_A_PERSON = 8


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """`FEATURES` of one turn and one nod."""

    kind: str
    """"head", "sheet" or "mask"."""
    name: str
    """Of the person; nobody is judged by what was fitted to them."""
    real: bool
    values: Values


def example_of(
    kind: str,
    name: str,
    neutral: TrackedPoints,
    turned: Sequence[TrackedPoints],
    nodded: Sequence[TrackedPoints],
    *,
    real: bool = False,
) -> Example:
    """Measure one example as the verifier does."""
    pose = head_pose(neutral)
    turn = np.median([turn_features(face, head_pose(face), neutral, pose) for face in turned], axis=0)
    nod = np.median([nod_features(face, head_pose(face), neutral, pose) for face in nodded], axis=0)
    return Example(kind, name, real, np.concatenate([turn, nod]))


def examples_of_photos(
    people: Mapping[str, Sequence[TrackedPoints]], rng: np.random.Generator
) -> Iterator[Example]:
    """Make heads of photos of real people: one that looks straight, one turned, one raised or lowered."""
    for name, photos in people.items():
        posed = [(photo, head_pose(photo)) for photo in photos]
        triples = list(_triples(posed))
        for index in rng.permutation(len(triples))[:TRIPLES_A_PERSON]:
            neutral, turned, nodded = triples[index]
            yield example_of("head", name, neutral, [turned], [nodded], real=True)


def _triples(
    posed: Sequence[tuple[TrackedPoints, HeadPose]],
) -> Iterator[tuple[TrackedPoints, TrackedPoints, TrackedPoints]]:
    for neutral, before in posed:
        if abs(before.yaw) >= NEUTRAL_YAW or abs(before.pitch) >= NEUTRAL_PITCH:
            continue
        turned, nodded = [], []
        for photo, pose in posed:
            yaw, pitch = abs(pose.yaw - before.yaw), abs(pose.pitch - before.pitch)
            if TURN_RANGE[0] <= yaw <= TURN_RANGE[1] and pitch < OTHER_AXIS[0]:
                turned.append(photo)
            elif NOD_RANGE[0] <= pitch <= NOD_RANGE[1] and yaw < OTHER_AXIS[1]:
                nodded.append(photo)
        for turn, nod in product(turned, nodded):
            yield neutral, turn, nod


def fit(examples: Iterable[Example]) -> dict[str, LinearDiscriminant]:
    """Fit heads against sheets, and heads against masks."""
    examples = list(examples)
    heads = np.vstack([_values(examples, "head"), *_more_of_photos(examples)])
    return {
        kind: LinearDiscriminant.fit(FEATURES, heads, _values(examples, kind), SHRINKAGE)
        for kind in (SHEET, MASK)
    }


def _more_of_photos(examples: Sequence[Example]) -> list[Values]:
    photos = [example.values for example in examples if example.real]
    return [np.stack(photos)] * (PHOTO_WEIGHT - 1) if photos else []


def cross_validated(examples: Sequence[Example], rng: np.random.Generator) -> dict[str, Any]:
    """Return error rates of discriminants that never saw the person whom they judge."""
    names = sorted({example.name for example in examples})
    fold_of = dict(zip(names, rng.permutation(len(names)) % FOLDS, strict=True))
    scores = np.zeros((len(examples), 2))
    for fold in range(FOLDS):
        found = fit(example for example in examples if fold_of[example.name] != fold)
        for row, example in enumerate(examples):
            if fold_of[example.name] == fold:
                scores[row] = [found[kind].part(example.values) + found[kind].bias for kind in (SHEET, MASK)]
    return {kind: _rates(examples, scores[:, column]) for column, kind in enumerate((SHEET, MASK))}


def _rates(examples: Sequence[Example], scores: Values) -> list[dict[str, Any]]:
    kinds = np.array([example.kind for example in examples])
    real = np.array([example.real for example in examples])
    rendered = np.sort(scores[(kinds == "head") & ~real])
    return [
        _rate(float(rendered[int(len(rendered) * bpcer)]), bpcer, scores, kinds, real) for bpcer in BPCERS
    ]


def _rate(
    threshold: float, bpcer: float, scores: Values, kinds: NDArray[Any], real: NDArray[Any]
) -> dict[str, Any]:
    photos = scores[(kinds == "head") & real]
    accepted = {kind: scores[kinds == kind] >= threshold for kind in (SHEET, MASK)}
    return {
        "threshold": round(threshold, 2),
        "bpcerRendered": bpcer,
        "bpcerPhotos": round(float((photos < threshold).mean()), 4) if len(photos) else None,
        "apcer": {kind: round(float(passed.mean()), 4) for kind, passed in accepted.items()},
        "apcer95": {
            kind: [round(bound, 4) for bound in clopper_pearson(int(passed.sum()), len(passed))]
            for kind, passed in accepted.items()
        },
    }


def _values(examples: Sequence[Example], kind: str) -> Values:
    return np.stack([example.values for example in examples if example.kind == kind])
