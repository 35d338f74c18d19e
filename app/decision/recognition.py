"""The five modes of face recognition, as a table and one way to read it; before them, the block list."""

import math
from dataclasses import dataclass

from app.decision.types import BlockListRequirement, RecognitionMode, RecognitionRequirement
from app.pipeline.types import Finding
from app.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class ModeRules:
    """What a mode compares and what the answers mean."""

    matches_known: bool = False
    """A known external id is compared 1:1; otherwise its face is not looked at."""
    searches: bool = False
    """The collection is searched for the face."""
    hit: Reason | None = None
    """What a hit of the search means; None = passed."""
    no_hit: Reason | None = None
    """What no hit means; None = passed."""
    enrols: bool = True
    """A face that passes, and was not matched 1:1, is stored."""


RULES_OF_MODE: dict[RecognitionMode, ModeRules] = {
    RecognitionMode.CALCULATION_ONLY: ModeRules(),
    RecognitionMode.DUPLICATE: ModeRules(searches=True, hit=Reason.DUPLICATE_FACE),
    RecognitionMode.UNIQUE_MATCH: ModeRules(matches_known=True, searches=True, hit=Reason.DUPLICATE_FACE),
    RecognitionMode.MATCH: ModeRules(matches_known=True),
    RecognitionMode.IDENTIFICATION: ModeRules(searches=True, no_hit=Reason.FACE_UNRECOGNIZED, enrols=False),
}


@dataclass(frozen=True, slots=True)
class RecognitionAnswer:
    """What the comparison means in the required mode."""

    reason: Reason | None = None
    """None: passed. `REVIEW_PENDING`: an operator has to look."""
    enrol: bool = False
    """The face is to be stored: now when passed, on approval when an operator has to look."""


def judge_faces(
    lookup: Finding | None,
    blocked: BlockListRequirement | None,
    comparison: Finding | None,
    required: RecognitionRequirement | None,
) -> RecognitionAnswer:
    """Judge block list and mode together: whoever is blocked for certain is told nothing else."""
    answers = [RecognitionAnswer(judge_block_list(lookup, blocked))] if blocked is not None else []
    answers += [judge_recognition(comparison, required)] if required is not None else []
    reason = _gravest([answer.reason for answer in answers if answer.reason is not None])
    enrols = reason in (None, Reason.REVIEW_PENDING) and any(answer.enrol for answer in answers)
    return RecognitionAnswer(reason, enrols)


def judge_block_list(finding: Finding | None, required: BlockListRequirement) -> Reason | None:
    """Tell why the block list lets somebody not pass; a list that was not searched lets nobody pass."""
    if finding is None:
        return Reason.INTERNAL_ERROR
    if "size" not in finding.details:
        # The search never began: no frame of the attempt was good enough.
        return Reason.LOW_QUALITY
    if finding.score is None or not math.isfinite(finding.score):
        return Reason.INTERNAL_ERROR
    if finding.score < required.review_threshold:
        return None
    certain = finding.score >= required.block_threshold or not required.review_uncertain
    return Reason.FACE_BLOCKED if certain else Reason.REVIEW_PENDING


def _gravest(reasons: list[Reason]) -> Reason | None:
    """Return the first reason that is certain: it needs no operator."""
    return min(reasons, key=lambda each: each is Reason.REVIEW_PENDING, default=None)


def judge_recognition(finding: Finding | None, required: RecognitionRequirement) -> RecognitionAnswer:
    """Read the table. Whatever was not measured, or does not fit the mode, is refused."""
    if finding is None:
        return RecognitionAnswer(Reason.INTERNAL_ERROR)
    if "mode" not in finding.details:
        # The comparison never began: no frame of the attempt was good enough.
        return RecognitionAnswer(Reason.LOW_QUALITY)
    if finding.score is None or not math.isfinite(finding.score):
        return RecognitionAnswer(Reason.INTERNAL_ERROR)
    if finding.details["mode"] != required.mode:
        return RecognitionAnswer(Reason.INTERNAL_ERROR)
    judged = (judge(finding, required) for judge in (_judge_known, _judge_search))
    reason = _gravest([reason for reason in judged if reason is not None])
    enrols = reason in (None, Reason.REVIEW_PENDING) and _enrols(finding, required)
    return RecognitionAnswer(reason, enrols)


def _judge_known(finding: Finding, required: RecognitionRequirement) -> Reason | None:
    if not _matches_known(finding, required):
        return None
    similarity = _similarity(finding, "match_similarity")
    if similarity is None:
        return Reason.INTERNAL_ERROR
    return None if similarity >= required.match_threshold else Reason.FACE_MISMATCH


def _judge_search(finding: Finding, required: RecognitionRequirement) -> Reason | None:
    rules = RULES_OF_MODE[required.mode]
    if not rules.searches:
        return None
    similarity = _similarity(finding, "search_similarity")
    if similarity is None:
        return rules.no_hit if _nobody_else(finding, required) else Reason.INTERNAL_ERROR
    if similarity >= required.search_threshold:
        return rules.hit
    if similarity < required.review_threshold:
        return rules.no_hit
    # Uncertain: an operator looks, or it is refused; "hit" and "no hit" are the refusal of their mode.
    return Reason.REVIEW_PENDING if required.review_uncertain else rules.hit or rules.no_hit


def _nobody_else(finding: Finding, required: RecognitionRequirement) -> bool:
    """Tell whether a search without any result is explained by an empty collection."""
    size = finding.details.get("collection_size")
    own = 1 if _matches_known(finding, required) else 0
    return isinstance(size, int) and size <= own


def _matches_known(finding: Finding, required: RecognitionRequirement) -> bool:
    return RULES_OF_MODE[required.mode].matches_known and finding.details.get("known") is not False


def _enrols(finding: Finding, required: RecognitionRequirement) -> bool:
    return RULES_OF_MODE[required.mode].enrols and not _matches_known(finding, required)


def _similarity(finding: Finding, name: str) -> float | None:
    """Return a similarity; one that is no number counts as the worst for the person: certainly alike."""
    value = finding.details.get(name)
    if value is None:
        return None
    if isinstance(value, str) or math.isnan(value):
        return None if name == "match_similarity" else math.inf
    return float(value)
