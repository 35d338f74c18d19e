"""The section on admitting links: its numbers are made up here, and its links are really opened."""

from pathlib import Path

from sqlalchemy import func, select

from app.db import Database
from app.models import SpentNonce, VerificationSession
from tests.benchmark import admission
from tests.benchmark.sections.admission import render, targets

ROUND = {
    "links": 2000, "wall_ms": 0.8, "cpu_ms": 0.7, "p50_ms": 0.7, "p99_ms": 3.0, "repeated_p50_ms": 1.2,
}  # fmt: skip
BUSY = ROUND | {"wall_ms": 4.0, "cpu_ms": 1.5}


def test_the_least_disturbed_round_is_held_against_the_limit() -> None:
    assert [each.verdict for each in targets({"rounds": [BUSY, ROUND]})] == ["met", "met"]
    assert [each.verdict for each in targets({"rounds": [BUSY]})] == ["**missed**", "**missed**"]


def test_every_round_is_shown() -> None:
    text = render({"rounds": [ROUND, BUSY]})
    assert "| 2000 | 1250 | 0.70 | 0.70 | 3.00 | 1.20 |" in text
    assert "| 2000 | 250 |" in text


def test_every_measured_link_has_a_session_and_a_spent_nonce_of_its_own(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/visavis.db")
    admission.upgrade(database)
    service = admission.service_on(database)
    verification_id, sign = admission.relying_site(service)
    assert len(admission.admit_all(service, verification_id, [sign(number) for number in range(20)])) == 20
    with database.reading() as db:
        counts = [
            db.scalar(select(func.count()).select_from(table)) for table in (VerificationSession, SpentNonce)
        ]
    database.engine.dispose()
    assert counts == [20, 20]


def test_figures_come_of_a_run(tmp_path: Path) -> None:
    figures = admission.measure_admission(tmp_path, links=5)
    assert figures.links == 5
    assert 0 < figures.p50_ms <= figures.p99_ms
