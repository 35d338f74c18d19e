"""The three liveness levels in Chromium: who cooperates passes each of them, what only pretends does not."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select

from app.inference.engine import OpenPackEngine
from app.models import FindingRow, VerificationSession
from app.sandbox.head import Head
from app.vocabulary import Evidence
from tests.browser.chromium import launch
from tests.browser.live_service import LiveService, running_service
from tests.browser.test_verification_in_chromium import Visitor
from tests.simulator.camera_script import Behaviour, init_script
from tests.simulator.faces import head


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with running_service(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def alice(engine: OpenPackEngine) -> Head:
    return head("astronaut", engine)


@pytest.fixture(scope="module")
def bob(engine: OpenPackEngine) -> Head:
    return head("obama", engine)


def liveness_at(service: LiveService, level: str) -> str:
    return service.publish(
        verifierConfigs={"liveness": {"type": "Verification", "challengeType": level}},
        securityConfig={"maxAttempts": 1},
    )


def newest(service: LiveService) -> tuple[VerificationSession, dict[str, float | None]]:
    """Return the newest session and the scores of its findings."""
    with service.database().reading() as db:
        visit = db.scalars(
            select(VerificationSession).order_by(VerificationSession.created_at.desc()).limit(1)
        ).one()
        rows = db.scalars(select(FindingRow).where(FindingRow.session_id == visit.id))
        return visit, {row.evidence: row.score for row in rows}


@pytest.mark.parametrize("level", ["Basic", "Balanced", "Advanced"])
def test_the_simulated_person_passes(
    chromium: Browser, service: LiveService, alice: Head, level: str
) -> None:
    result = Visitor(chromium, service, init_script(alice, seed=3)).visit(liveness_at(service, level))
    assert result.passed, result.failed_reason
    visit, scores = newest(service)
    assert visit.challenge_path == ("light" if level == "Advanced" else None)
    assert (scores[Evidence.LIGHT_REFLECTION] is not None) == (level == "Advanced")
    assert (scores[Evidence.HEAD_MOVEMENT] is not None) == (level != "Basic")


def test_who_prefers_reduced_motion_gets_targets_instead_of_colours(
    chromium: Browser, service: LiveService, alice: Head
) -> None:
    visitor = Visitor(chromium, service, init_script(alice, seed=4))
    visitor.page.emulate_media(reduced_motion="reduce")
    result = visitor.visit(liveness_at(service, "Advanced"))
    assert result.passed, result.failed_reason
    visit, _ = newest(service)
    assert (visit.challenge_path, visit.challenge_path_reason) == ("movement", "reduced_motion")


ATTACKS = [
    Behaviour.STILL_PHOTO,
    Behaviour.HAND_MOVED_PHOTO,
    Behaviour.CUT_OUT_PHOTO,
    Behaviour.PLANAR_WARP,
    Behaviour.TALKING_HEAD,
    Behaviour.DISOBEDIENT,
    Behaviour.REPLAY,
    Behaviour.FROZEN,
    Behaviour.SWAP,
]


@pytest.mark.parametrize("behaviour", ATTACKS)
def test_an_attack_fails_at_the_advanced_level(
    chromium: Browser, service: LiveService, alice: Head, bob: Head, behaviour: Behaviour
) -> None:
    second = bob if behaviour is Behaviour.SWAP else None
    camera = init_script(alice, behaviour, second)
    result = Visitor(chromium, service, camera).visit(liveness_at(service, "Advanced"))
    assert not result.passed
    allowed = {"liveness_failed", "injection_suspected"}
    assert result.failed_reason in allowed | ({"face_inconsistent"} if second else set())


@pytest.mark.parametrize(
    ("behaviour", "reasons"),
    [
        (Behaviour.OTHER_COLOURS, {"liveness_failed"}),
        (Behaviour.COLOUR_OVERLAY, {"injection_suspected"}),
        (Behaviour.LATE_RELAY, {"liveness_failed", "injection_suspected"}),
    ],
)
def test_where_the_movements_are_right_the_light_tells(
    chromium: Browser, service: LiveService, alice: Head, behaviour: Behaviour, reasons: set[str]
) -> None:
    result = Visitor(chromium, service, init_script(alice, behaviour)).visit(liveness_at(service, "Advanced"))
    assert not result.passed
    assert result.failed_reason in reasons
    visit, scores = newest(service)
    assert visit.challenge_path == "light"
    assert scores[Evidence.HEAD_MOVEMENT] == 1.0
