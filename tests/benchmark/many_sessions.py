"""Made-up sessions of the past by the million, as the console finds them: counted, measured, decided."""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from app import projects
from app.metrics.counting import count_concluded
from app.models import FindingRow, VerificationSession, VerificationVersion
from app.runtime import Runtime
from app.verifications.store import publish
from app.vocabulary import Evidence

SEED = 20_260_401
DAYS = 180
VERIFICATIONS = 12
# One in so many sessions keeps its findings and is counted: the counts of an hour have as many names and
# rows as with all of them, and take a tenth of the time.
MEASURED_EVERY = 10
AT_ONCE = 20_000
# State, reason, how many of a thousand: the common ones first, as a site's first half year might look.
ENDINGS = (
    ("passed", None, 800),
    ("failed", "liveness_failed", 70),
    ("expired", "session_expired", 60),
    ("failed", "face_mismatch", 30),
    ("cancelled", "consent_refused", 25),
    ("failed", "duplicate_face", 14),
    ("failed", "injection_suspected", 1),
)
SCORES: dict[Evidence, Callable[[random.Random], float]] = {
    Evidence.FACE_PRESENCE: lambda rng: rng.betavariate(20, 2),
    Evidence.PRESENTATION_ATTACK: lambda rng: rng.betavariate(6, 2),
    Evidence.HEAD_MOVEMENT: lambda rng: rng.betavariate(15, 2),
    Evidence.CONTINUITY: lambda rng: rng.betavariate(60, 2),
    Evidence.FACE_COMPARISON: lambda rng: rng.gauss(0.95, 0.02),
    Evidence.AGE: lambda rng: rng.gauss(35, 10),
}


def make_verifications(runtime: Runtime) -> list[tuple[str, int]]:
    """Publish verifications; returns id and version of each, the busiest first."""
    target = "https://shop.example/back"
    with runtime.database.transaction() as db:
        project = projects.get_or_create_project(db, runtime.sealer, "shop", runtime.clock())
        for number in range(VERIFICATIONS):
            document = {
                "name": f"Check {number}",
                "verifierConfigs": {"liveness": {"type": "Verification", "challengeType": "Balanced"}},
                "redirectConfig": {"passedUrl": target, "failedUrl": target},
            }
            publish(db, project.id, document, runtime.clock())
        versions = db.query(VerificationVersion).order_by(VerificationVersion.id)
        return [(row.verification_id, row.id) for row in versions]


def fill(runtime: Runtime, count: int, watched: Callable[[Iterable[Any]], Iterable[Any]]) -> None:
    """Put in the sessions, measure and count some as the worker does, and gather statistics."""
    verifications, rng = make_verifications(runtime), random.Random(SEED)
    rows = sessions(count, verifications, runtime.clock(), rng)
    for _ in watched(range(0, count, AT_ONCE)):
        batch = list(islice(rows, AT_ONCE))
        with runtime.database.transaction() as db:
            db.execute(insert(VerificationSession), batch)
            _measure(db, batch, rng)
    count_concluded(runtime.database, runtime.clock())
    if runtime.database.engine.dialect.name == "postgresql":
        with runtime.database.transaction() as db:
            db.execute(text("ANALYZE"))  # autovacuum does it within a minute


def sessions(
    count: int, verifications: list[tuple[str, int]], now: float, rng: random.Random
) -> Iterator[dict[str, Any]]:
    """Yield sessions over the last half year, the oldest first; half of all are of one verification."""
    endings, weights = ENDINGS, [each[2] for each in ENDINGS]
    shares = [1 / 2**number for number in range(1, len(verifications) + 1)]
    for number in range(count):
        state, reason, _ = rng.choices(endings, weights)[0]
        verification_id, version_id = rng.choices(verifications, shares)[0]
        began = now - DAYS * 86_400 * (1 - number / count) - 60
        yield _session(number, began) | {
            "verification_id": verification_id,
            "version_id": version_id,
            "state": state,
            "reason": reason,
            "external_id": f"person-{rng.randrange(count // 3 + 1)}",
            "concluded_at": began + min(rng.lognormvariate(2.5, 0.5), 59.0),
            "counted_at": None if number % MEASURED_EVERY == 0 else now,
        }


def _session(number: int, began: float) -> dict[str, Any]:
    return {
        "id": str(UUID(int=random.Random(number).getrandbits(128), version=4)),
        "link_fingerprint": f"{number:064x}",
        "signed": True,
        "overrides": {},
        "ignored": [],
        "custom_parameters": [],
        "browser_token_hash": "0" * 64,
        "page_generation": 1,
        "attempt_number": 1,
        "frame_count": 40,
        "consented_at": began + 2.0,
        "verifier_results": {},
        "decision_notes": {},
        "created_at": began,
        "expires_at": began + 600,
    }


def _measure(db: Session, batch: list[dict[str, Any]], rng: random.Random) -> None:
    findings = [
        {
            "session_id": row["id"],
            "attempt": 1,
            "evidence": evidence.value,
            "score": score(rng),
            "unit": "share",
            "method": "made up",
            "details": {},
        }
        for row in batch[::MEASURED_EVERY]
        for evidence, score in SCORES.items()
    ]
    db.execute(insert(FindingRow), findings)
