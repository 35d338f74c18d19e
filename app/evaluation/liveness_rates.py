"""Error rates of presentation attack detection, named as ISO/IEC 30107-3 names them.

BPCER: share of live presentations that are refused. APCER: share of the attacks of one species that are
accepted. Both count what was scored; what could not be scored stands apart, by kind.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.evaluation.intervals import Z95, clopper_pearson
from app.evaluation.liveness import PresentationAnswer
from app.vocabulary import Evidence

LIVE = "live"
BPCER_POINTS = (0.01, 0.02, 0.05, 0.10, 0.20)
# Possible areas under a curve that an interval is looked for among.
AREAS = 100_001
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PresentationScores:
    """What was scored, by kind."""

    live: Scores
    attacks: Mapping[str, Scores]
    """By species, in the order of names."""

    @property
    def all_attacks(self) -> Scores:
        """Return the scores of every species."""
        return np.concatenate([np.zeros(0), *self.attacks.values()])


def collect(answers: Sequence[PresentationAnswer]) -> PresentationScores:
    """Return the scores of the answers that have one."""
    scored = [(each.label.species, each.score) for each in answers if each.score is not None]
    species = sorted({name for name, _ in scored if name})
    return PresentationScores(
        np.array([score for name, score in scored if not name], np.float64),
        {wanted: np.array([score for name, score in scored if name == wanted]) for wanted in species},
    )


def liveness_report(answers: Sequence[PresentationAnswer], threshold: float, model: str) -> dict[str, object]:
    """Return the error rates at `threshold`, with exact 95 % intervals, and what they rest on."""
    scores = collect(answers)
    apcer = {name: _accepted(each, threshold) / len(each) for name, each in scores.attacks.items()}
    worst = max(apcer.values(), default=None)
    bpcer = _share(_refused(scores.live, threshold), len(scores.live))
    return {
        "n": len(scores.live) + len(scores.all_attacks),
        "auc": auc(scores.live, scores.all_attacks),
        "threshold": threshold,
        "bpcer": bpcer,
        "apcer": apcer,
        "notScored": sum(each.score is None for each in answers),
        "acer": None if bpcer is None or worst is None else (bpcer + worst) / 2,
        "model": model,
        "live": len(scores.live),
        "attacks": {name: len(each) for name, each in scores.attacks.items()},
        "auc95": auc_interval(scores.live, scores.all_attacks),
        "bpcer95": clopper_pearson(_refused(scores.live, threshold), len(scores.live)),
        "apcer95": {
            name: clopper_pearson(_accepted(each, threshold), len(each))
            for name, each in scores.attacks.items()
        },
        "apcerWorst": worst,
        "apcerAll": _share(_accepted(scores.all_attacks, threshold), len(scores.all_attacks)),
        "aucBySpecies": {name: auc(scores.live, each) for name, each in scores.attacks.items()},
        "operatingPoints": [_point(scores, rate) for rate in BPCER_POINTS] if len(scores.live) else [],
        "nearFrontal": _near_frontal(answers, threshold),
        "notScoredByKind": dict(Counter(_kind(each) for each in answers if each.score is None)),
        "notScoredWhy": dict(Counter(str(each.why_not) for each in answers if each.score is None)),
        "otherEvidence": _other_evidence(answers),
    }


def items_of(answers: Sequence[PresentationAnswer]) -> list[dict[str, object]]:
    """Return one line for every presentation, for machines."""
    return [
        {
            "path": str(each.label.path),
            "live": each.label.live,
            "attackType": each.label.species or None,
            "score": each.score,
            "frames": each.frames,
            "nearFrontal": each.near_frontal,
            "whyNotScored": each.why_not,
            "refusedBy": [str(evidence) for evidence, refuses in each.refused_by.items() if refuses],
        }
        for each in answers
    ]


def auc(live: Scores, attacks: Scores) -> float | None:
    """Return the probability that a live presentation scores higher than an attack; ties count half."""
    if not len(live) or not len(attacks):
        return None
    ordered = np.sort(attacks)
    below, up_to = np.searchsorted(ordered, live, "left"), np.searchsorted(ordered, live, "right")
    return float((below + up_to).sum() / (2 * len(live) * len(attacks)))


def auc_interval(live: Scores, attacks: Scores) -> tuple[float, float] | None:
    """Return the 95 % interval of `auc`: every area from which the measured one is not too far.

    The variance of an area is that of J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a
    ROC curve", Radiology 143 (1982), taken at the possible area, not at the measured one, so that few
    presentations without a mistake do not seem to prove that there never is one.
    """
    measured = auc(live, attacks)
    if measured is None:
        return None
    possible = np.linspace(0, 1, AREAS)
    near = (possible - measured) ** 2 <= Z95**2 * _variance(possible, len(live), len(attacks))
    return min(measured, float(possible[near].min())), max(measured, float(possible[near].max()))


def _variance(area: Scores, live: int, attacks: int) -> Scores:
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (live - 1) * (first - area**2) + (attacks - 1) * (second - area**2)
    return np.asarray(np.maximum(spread, 0) / (live * attacks))


def _point(scores: PresentationScores, rate: float) -> dict[str, object]:
    """Return the highest threshold that refuses at most `rate` of the live, and who passes it."""
    threshold = float(np.sort(scores.live)[min(int(rate * len(scores.live)), len(scores.live) - 1)])
    accepted = [_accepted(each, threshold) / len(each) for each in scores.attacks.values()]
    return {
        "bpcerAtMost": rate,
        "threshold": threshold,
        "bpcer": _share(_refused(scores.live, threshold), len(scores.live)),
        "apcerAll": _share(_accepted(scores.all_attacks, threshold), len(scores.all_attacks)),
        "apcerWorst": max(accepted, default=None),
    }


def _near_frontal(answers: Sequence[PresentationAnswer], threshold: float) -> dict[str, object]:
    """Return the figures of what the service would have scored too: faces that look towards the camera."""
    scores = collect([each for each in answers if each.near_frontal])
    return {
        "n": len(scores.live) + len(scores.all_attacks),
        "auc": auc(scores.live, scores.all_attacks),
        "bpcer": _share(_refused(scores.live, threshold), len(scores.live)),
        "apcerAll": _share(_accepted(scores.all_attacks, threshold), len(scores.all_attacks)),
    }


def _other_evidence(answers: Sequence[PresentationAnswer]) -> list[dict[str, object]]:
    """Return how many captures of several frames the evidence beside the passive model refuses."""
    judged: Counter[tuple[Evidence, str]] = Counter()
    refused: Counter[tuple[Evidence, str]] = Counter()
    for each in answers:
        for evidence, refuses in each.refused_by.items():
            judged[evidence, _kind(each)] += 1
            refused[evidence, _kind(each)] += refuses
    return [
        {"evidence": str(evidence), "kind": kind, "n": n, "refused": refused[evidence, kind]}
        for (evidence, kind), n in sorted(judged.items())
    ]


def _kind(answer: PresentationAnswer) -> str:
    return answer.label.species or LIVE


def _refused(live: Scores, threshold: float) -> int:
    return int((live < threshold).sum())


def _accepted(attacks: Scores, threshold: float) -> int:
    return int((attacks >= threshold).sum())


def _share(count: int, total: int) -> float | None:
    return count / total if total else None
