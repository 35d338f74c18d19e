"""Evaluates face detection: how many faces are found on photos of none, one and many."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.evaluation.intervals import wilson
from app.evaluation.labels import LabelledCount
from app.evaluation.photos import Progress, read_photo, unwatched
from app.inference.types import FaceEngine

# More than any photo of the kind has; the engine is never the one to stop counting.
MAX_FACES = 100
GROUPS = ("0", "1", "2", "3-5", "6+")


@dataclass(frozen=True, slots=True)
class CountAnswer:
    """One labelled photo and how many faces were found."""

    label: LabelledCount
    found: int


def count_faces(
    engine: FaceEngine, labels: Sequence[LabelledCount], progress: Progress = unwatched
) -> list[CountAnswer]:
    """Count the faces of every labelled photo."""
    return [
        CountAnswer(label, len(engine.detect(read_photo(label.path), MAX_FACES)))
        for label in progress(labels, "photos")
    ]


def counts_report(answers: Sequence[CountAnswer]) -> dict[str, object]:
    """Return the shares of photos counted exactly, and of empty scenes in which nothing was found."""
    empty = [answer for answer in answers if answer.label.faces == 0]
    return {
        "n": len(answers),
        "exactCount": _share(answers),
        "emptyScenesClean": _share(empty),
        "exactCount95": wilson(_exact(answers), len(answers)),
        "emptyScenesClean95": wilson(_exact(empty), len(empty)),
        "emptyScenes": len(empty),
        "byFaces": {name: _group(group) for name, group in grouped(answers).items()},
    }


def group_of(faces: int) -> str:
    """Return the name of the group that a number of faces belongs to."""
    return GROUPS[faces] if faces <= 2 else GROUPS[3 if faces <= 5 else 4]


def grouped(answers: Sequence[CountAnswer]) -> dict[str, list[CountAnswer]]:
    """Return the answers by group of labelled faces, in order of faces."""
    groups: dict[str, list[CountAnswer]] = {}
    for answer in sorted(answers, key=lambda each: each.label.faces):
        groups.setdefault(group_of(answer.label.faces), []).append(answer)
    return groups


def _group(answers: Sequence[CountAnswer]) -> dict[str, object]:
    return {
        "n": len(answers),
        "exactCount": _share(answers),
        "faces": sum(answer.label.faces for answer in answers),
        "found": sum(answer.found for answer in answers),
    }


def _exact(answers: Sequence[CountAnswer]) -> int:
    return sum(answer.found == answer.label.faces for answer in answers)


def _share(answers: Sequence[CountAnswer]) -> float | None:
    return _exact(answers) / len(answers) if answers else None
