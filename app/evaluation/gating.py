"""What the quality gate gains: damaged photos against good templates, with and without the gate."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import InputError
from app.evaluation.intervals import wilson
from app.evaluation.labels import LabelledIdentity
from app.evaluation.photos import Progress, read_photo, subject_of, unwatched
from app.inference.types import Embedding, FaceEngine, RgbImage
from app.pipeline.landmarks import keep_tracked
from app.pipeline.quality import COMPONENT_NAMES, face_quality, limiting_component

TEMPLATE_SIZE = 3
UNDAMAGED = "undamaged"
# Between hardly visible and no face found any more; drawn anew for every photo.
_DARKEST, _LIGHTEST = 0.02, 0.4
_LEAST_BLUR, _MOST_BLUR = 0.5, 6.0
_SMALLEST, _LARGEST = 0.1, 0.6
_FLATTEST, _LEAST_FLAT = 0.03, 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One photo, damaged or not, in which a face was found."""

    person: str
    damage: str
    limit: str | None
    """What the gate refuses it for; None when it lets it through."""
    genuine: float
    """Cosine similarity to the person's own template, −1…1."""
    impostor: NDArray[np.float32]
    """(people − 1,) cosine similarities to everybody else's."""


def damages(rng: np.random.Generator) -> dict[str, Callable[[RgbImage], RgbImage]]:
    """Return each damage at a random strength."""
    dark, light = rng.uniform(_DARKEST, _LIGHTEST), 1 / rng.uniform(_DARKEST, _LIGHTEST)
    blur, scale = rng.uniform(_LEAST_BLUR, _MOST_BLUR), rng.uniform(_SMALLEST, _LARGEST)
    flat = rng.uniform(_FLATTEST, _LEAST_FLAT)
    return {
        UNDAMAGED: lambda image: image,
        "darkened": lambda image: _scaled(image, dark, 0.0),
        "over-exposed": lambda image: _scaled(image, light, 0.0),
        "flattened": lambda image: _scaled(image, flat, (1 - flat) * float(image.mean())),
        "blurred": lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8),
        "shrunk": lambda image: np.asarray(
            cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        ),
    }


def try_photos(
    engine: FaceEngine,
    identities: Sequence[LabelledIdentity],
    rng: np.random.Generator,
    progress: Progress = unwatched,
) -> tuple[list[Trial], Counter[str]]:
    """Compare everybody's further photos in every damage; also return how often no face was found.

    Templates are of three undamaged photos. `InputError` when fewer than two people have one photo more.
    """
    photos: dict[str, list[Path]] = {}
    for entry in identities:
        photos.setdefault(entry.identity, []).append(entry.path)
    people = {name: paths for name, paths in photos.items() if len(paths) > TEMPLATE_SIZE}
    templates = _templates(engine, people, progress)
    if len(templates) < 2:
        raise InputError("identities", f"two people with more than {TEMPLATE_SIZE} photos each are needed")
    trials: list[Trial] = []
    missed: Counter[str] = Counter()
    for name in progress(sorted(templates), "damaging"):
        for path in people[name][TEMPLATE_SIZE:]:
            for damage, image in _damaged(read_photo(path), rng):
                trial = _try(engine, image, name, damage, templates)
                missed[damage] += trial is None
                trials += [trial] if trial is not None else []
    return trials, missed


def gating_report(trials: Sequence[Trial], missed: Mapping[str, int], threshold: float) -> dict[str, object]:
    """Return error rates at the threshold with and without the gate, and what the gate refuses."""
    kept = [trial for trial in trials if trial.limit is None]
    refused = [trial for trial in trials if trial.limit is not None]
    limits = Counter(COMPONENT_NAMES[trial.limit] for trial in refused if trial.limit is not None)
    return {
        "people": len({trial.person for trial in trials}),
        "photos": len(trials) + sum(missed.values()),
        "withoutFace": dict(missed),
        "threshold": threshold,
        "ungated": _rates(trials, threshold),
        "gated": _rates(kept, threshold),
        "refused": _share([trial.limit is not None for trial in trials]),
        "refusedByDamage": {
            damage: _share([trial.limit is not None for trial in trials if trial.damage == damage])
            for damage in sorted({trial.damage for trial in trials})
        },
        "refusedFor": dict(sorted(limits.items())),
        "refusedThatWouldNotHaveMatched": _share([trial.genuine < threshold for trial in refused]),
    }


def _templates(
    engine: FaceEngine, people: Mapping[str, Sequence[Path]], progress: Progress
) -> dict[str, Embedding]:
    """Return the mean of everybody's first photos; who has one without a face is left out."""
    templates: dict[str, Embedding] = {}
    for name in progress(sorted(people), "templates"):
        found = [_embedded(engine, read_photo(path)) for path in people[name][:TEMPLATE_SIZE]]
        embeddings = [embedding for embedding, _ in found if embedding is not None]
        if len(embeddings) == TEMPLATE_SIZE:
            mean = np.mean(embeddings, axis=0)
            templates[name] = np.asarray(mean / np.linalg.norm(mean), np.float32)
    return templates


def _embedded(engine: FaceEngine, image: RgbImage) -> tuple[Embedding | None, str | None]:
    face = subject_of(engine, image)
    if face is None:
        return None, None
    limit = limiting_component(face_quality(image, keep_tracked(face.landmarks)))
    return engine.embed(image, face), limit


def _damaged(image: RgbImage, rng: np.random.Generator) -> Iterator[tuple[str, RgbImage]]:
    for damage, apply in damages(rng).items():
        yield damage, np.ascontiguousarray(apply(image))


def _try(
    engine: FaceEngine, image: RgbImage, name: str, damage: str, templates: Mapping[str, Embedding]
) -> Trial | None:
    embedding, limit = _embedded(engine, image)
    if embedding is None:
        return None
    others = np.stack([template for other, template in templates.items() if other != name])
    return Trial(name, damage, limit, float(templates[name] @ embedding), others @ embedding)


def _rates(trials: Sequence[Trial], threshold: float) -> dict[str, object]:
    impostor = np.concatenate([trial.impostor for trial in trials]) if trials else np.empty(0)
    return {
        "trials": len(trials),
        "fnmr": _share([trial.genuine < threshold for trial in trials]),
        "fmr": float((impostor >= threshold).mean()) if len(impostor) else None,
    }


def _share(answers: Sequence[bool]) -> dict[str, object]:
    count, total = sum(answers), len(answers)
    return {"share": count / total if total else None, "bounds95": wilson(count, total), "of": total}


def _scaled(image: RgbImage, factor: float, offset: float) -> RgbImage:
    return np.asarray(np.clip(image.astype(np.float32) * factor + offset, 0, 255), np.uint8)
