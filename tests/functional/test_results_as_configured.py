"""What the result carries, and how: outputs, overrides, codes, ages, attempts."""

from urllib.parse import parse_qs, urlsplit

import pytest
from webtest import TestApp

from app.inference.engine import OpenPackEngine
from app.models import ResultCode
from app.runtime import Runtime
from app.sandbox.pose import NEUTRAL
from tests.functional.people import Cast
from tests.functional.visit import Person, Visit, complete
from tests.service import RelyingSite, new_browser
from tests.simulator.attacks import photo_sheet

AGE_ONLY = {"age": {"type": "CalculationOnly"}}


@pytest.fixture(scope="module")
def cast(engine: OpenPackEngine) -> Cast:
    return Cast(engine)


def test_the_age_is_kept_off_the_url_unless_the_link_may_ask_for_it(
    site: RelyingSite, browser: TestApp, cast: Cast
) -> None:
    verification = site.publish(
        verifierConfigs=AGE_ONLY, sessionOverrideConfig={"allowResultParameterOverrides": True}
    )
    plain = complete(site, browser, verification, Person(cast.alice))
    assert plain.passed
    assert plain.age is None
    asked = complete(site, browser, verification, Person(cast.alice), reIncludeAge=True, reIncludeNonce=False)
    assert isinstance(asked.age, int)
    assert asked.get("reNonce") is None


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ({"threshold": 18}, (True, None)),
        ({"threshold": 90}, (False, "underage")),
        ({"threshold": 18, "direction": "Below"}, (False, "age_out_of_range")),
        ({"threshold": 30, "buffer": 25}, (False, "age_uncertain")),
    ],
)
def test_an_age_rule_decides(
    site: RelyingSite, browser: TestApp, cast: Cast, age: dict[str, object], expected: tuple[bool, str | None]
) -> None:
    verification = site.publish(verifierConfigs={"age": {"type": "ThresholdVerification", **age}})
    result = complete(site, browser, verification, Person(cast.alice))
    assert (result.passed, result.failed_reason) == expected


def test_a_code_on_the_url_gives_nothing_away(
    site: RelyingSite, browser: TestApp, cast: Cast, runtime: Runtime
) -> None:
    verification = site.publish(
        verifierConfigs=AGE_ONLY, resultParameterConfig={"delivery": "Code", "includeAge": True}
    )
    visit = Visit.open(browser, runtime.clock, site.link(verification))
    visit.go_through(Person(cast.alice))
    query = parse_qs(urlsplit(visit.return_url()).query)
    assert set(query) == {"reVerificationSessionId", "reResultCode", "reSignature"}
    with runtime.database.reading() as db:
        stored = db.query(ResultCode).one()
    assert stored.code_hash != query["reResultCode"][0]
    assert stored.expires_at == runtime.clock() + 60


def test_a_failed_attempt_may_be_repeated_and_then_passes(
    site: RelyingSite, browser: TestApp, cast: Cast, runtime: Runtime
) -> None:
    verification = site.publish(securityConfig={"maxAttempts": 2})
    visit = Visit.open(browser, runtime.clock, site.link(verification))
    visit.go_through(Person(photo_sheet(cast.alice), answer=lambda _: NEUTRAL))
    assert visit.outcome == {"result": "retry", "reason": "liveness_failed", "next": None}
    assert visit.status["attemptsLeft"] == 1
    visit.start()
    visit.film(Person(cast.alice))
    result = site.check(verification, visit.return_url())
    assert (result.passed, result.failed_reason) == (True, None)


def test_starting_again_after_the_challenge_began_uses_up_an_attempt(
    site: RelyingSite, browser: TestApp, cast: Cast, runtime: Runtime
) -> None:
    verification = site.publish(securityConfig={"maxAttempts": 2})
    visit = Visit.open(browser, runtime.clock, site.link(verification))
    visit.consent()
    for attempt in (1, 2):
        visit.start()
        assert visit.status["attempt"] == attempt
        person = Person(cast.alice, answer=lambda _: NEUTRAL)
        while visit.status["step"] == 0:
            visit.film(person, batches=1)
    visit.start()
    assert visit.outcome is not None
    assert visit.outcome["reason"] == "attempts_exhausted"


def test_reloading_before_the_challenge_is_free(
    site: RelyingSite, browser: TestApp, runtime: Runtime
) -> None:
    visit = Visit.open(browser, runtime.clock, site.link(site.publish()))
    visit.consent()
    for _ in range(5):
        visit.start()
        assert visit.status["attempt"] == 1


def test_without_a_target_the_result_page_is_the_end(
    site: RelyingSite, browser: TestApp, cast: Cast, runtime: Runtime
) -> None:
    verification = site.publish(verifierConfigs=AGE_ONLY, redirectConfig={})
    visit = Visit.open(browser, runtime.clock, site.link(verification))
    visit.go_through(Person(cast.alice))
    assert "You can close this page now." in browser.get(visit.page["urls"]["return"], status=200)


def test_every_answer_forbids_inline_code_framing_and_storage(site: RelyingSite, runtime: Runtime) -> None:
    browser = new_browser(runtime)
    framed = site.publish(securityConfig={"frameAncestors": ["https://shop.example"]})
    page = browser.get(site.link(framed)).follow()
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors https://shop.example")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    plain = browser.get(site.link(site.publish())).follow()
    assert plain.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
