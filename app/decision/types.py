"""What is required and what was decided: plain values between configuration, policy and delivery."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.vocabulary import ChallengePath, ChallengeType, Outcome, Reason, VerifierName, VerifierResult


class RecognitionMode(StrEnum):
    """Modes of face recognition that run at all; `Disabled` is the absence of a requirement."""

    CALCULATION_ONLY = "CalculationOnly"
    DUPLICATE = "DuplicateVerification"
    UNIQUE_MATCH = "UniqueMatchVerification"
    MATCH = "MatchVerification"
    IDENTIFICATION = "Identification"


@dataclass(frozen=True, slots=True)
class RecognitionRequirement:
    """Mode and the thresholds that calibration gives for the configured false match rate."""

    mode: RecognitionMode
    match_threshold: float
    """Cosine similarity at or above which two templates are one person (1:1)."""
    search_threshold: float
    """The same for 1:N, raised with the size of the collection."""
    review_threshold: float
    """1:N hits in [review, search) are uncertain."""
    review_uncertain: bool
    """True: uncertain hits go to an operator. False: they count as no hit... for Identification, as a
    hit for uniqueness (fails closed both ways)."""


@dataclass(frozen=True, slots=True)
class BlockListRequirement:
    """From which likeness to anybody on the project's block list a person does not pass."""

    block_threshold: float
    """Cosine similarity at or above which the person is taken for a blocked one."""
    review_threshold: float
    """Hits in [review, block) are uncertain."""
    review_uncertain: bool
    """True: uncertain hits go to an operator. False: they are refused."""


@dataclass(frozen=True, slots=True)
class AgeRequirement:
    """Age rule; `threshold` None means that the age is only computed."""

    threshold: int | None = None
    above: bool = True
    buffer: float = 0.0


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the effective configuration of a session demands; None or False = not demanded."""

    liveness: ChallengeType | None
    recognition: RecognitionRequirement | None
    age: AgeRequirement | None
    gender: bool
    fail_on_multiple_faces: bool
    block_list: BlockListRequirement | None = None
    """None: nobody was ever blocked in this project."""
    challenge_path: ChallengePath | None = None
    """Which way an Advanced challenge went; None = unknown, and then both ways are demanded."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's answer, with everything the result needs to explain it."""

    outcome: Outcome
    reason: Reason | None
    """The first thing that went wrong; None only when passed."""
    verifiers: Mapping[VerifierName, VerifierResult]
    """One line for every required verifier."""
    age_years: int | None = None
    gender: str | None = None
    """`male`, `female` or None when not confident."""
    enrol: bool = False
    """True: the face is to be stored, in the transaction that records this decision."""
    notes: Mapping[str, float | int | str | bool | None] = field(default_factory=dict)
    """Thresholds used, by name, for the operator."""
