"""Every way in which a verification link can be opened, resumed or refused."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select
from webtest import TestApp

from app.models import SessionTransition, SpentNonce, VerificationSession
from app.runtime import Runtime
from app.sessions.limits import count_outcome
from app.verifications.configuration import AttemptLimits
from app.vocabulary import Reason
from tests.databases import on_both_databases
from tests.functional.visit import Visit
from tests.service import NOON, FakeClock, RelyingSite, new_browser

pytestmark = on_both_databases

MATCH = {"faceRecognition": {"type": "MatchVerification"}}
LIVENESS = {"liveness": {"type": "Verification"}}
OPEN_TO_OVERRIDES = {
    "allowVerifierOverrides": True,
    "allowResultParameterOverrides": True,
    "allowRedirectOverrides": True,
}


def count_sessions(runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        return db.scalar(select(func.count()).select_from(VerificationSession)) or 0


def problem(browser: TestApp, link: str, status: int) -> dict[str, object]:
    response = browser.get(link, status=status, headers={"Accept": "application/json"})
    assert response.content_type == "application/problem+json"
    assert response.json["status"] == status
    return dict(response.json)


def test_a_signed_link_leads_to_the_hosted_page(site: RelyingSite, browser: TestApp) -> None:
    response = browser.get(site.link(site.publish()), status=303)
    assert response.headers["Location"].startswith("/session/")
    assert response.follow().status_int == 200


def test_the_session_keeps_what_the_link_asked_for(
    site: RelyingSite, browser: TestApp, runtime: Runtime
) -> None:
    link = site.link(
        site.publish(), external_id="alice", reCorrelationId="order 7", reLocale="de", reFuture="1"
    )
    visit = Visit.open(browser, runtime.clock, link)
    with runtime.database.reading() as db:
        row = db.get_one(VerificationSession, visit.session_id)
        moves = list(db.scalars(select(SessionTransition.new_state)))
    assert (row.external_id, row.correlation_id, row.locale) == ("alice", "order 7", "de")
    assert row.ignored == ["reFuture"]
    assert moves == ["created"]
    assert visit.page["locale"] == "de"


def test_an_unsigned_link_is_refused_where_signatures_are_forced(site: RelyingSite, browser: TestApp) -> None:
    assert problem(browser, f"/verification/{site.publish()}", 403)["type"].endswith(":signature-refused")


def test_an_unsigned_link_opens_where_the_configuration_allows_it(
    site: RelyingSite, browser: TestApp
) -> None:
    verification = site.publish(securityConfig={"forceSignedInput": False})
    browser.get(f"/verification/{verification}", status=303)


def test_a_wrong_signature_is_refused_even_where_none_is_needed(site: RelyingSite, browser: TestApp) -> None:
    verification = site.publish(securityConfig={"forceSignedInput": False})
    problem(browser, f"/verification/{verification}?reSignature={'0' * 64}", 403)


def test_a_link_for_one_verification_does_not_open_another(site: RelyingSite, browser: TestApp) -> None:
    ours, other = site.publish(), site.publish(name="Other")
    problem(browser, site.link(ours).replace(ours, other), 403)


def test_an_expired_link_is_gone(site: RelyingSite, browser: TestApp, clock: FakeClock) -> None:
    link = site.link(site.publish(), expires_in=600)
    clock.pass_seconds(601)
    problem(browser, link, 410)


def test_an_unknown_verification_is_not_found(browser: TestApp) -> None:
    problem(browser, f"/verification/{uuid4()}", 404)
    problem(browser, "/verification/not-a-guid", 404)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"reExpiration": "soon"}, "reExpiration"),
        ({"reExpiration": "1790000600.5"}, "reExpiration"),
        ({"reExpiration": str(int(NOON) + 60), "reNonce": "short"}, "reNonce"),
        ({"reExternalId": "x" * 257}, "reExternalId"),
        ({"reCorrelationId": "x" * 1025}, "reCorrelationId"),
        ({"reDisableLivenessVerifier": "maybe"}, "reDisableLivenessVerifier"),
        ({"reIncludeAge": "2"}, "reIncludeAge"),
        ({"rePassedUrl": "https://evil.example/"}, "rePassedUrl"),
        ({"reFailedUrl": "javascript:alert(1)"}, "reFailedUrl"),
    ],
)
def test_bad_content_is_refused_by_the_name_of_its_parameter(
    site: RelyingSite, browser: TestApp, runtime: Runtime, parameters: dict[str, str], field: str
) -> None:
    verification = site.publish(
        verifierConfigs=LIVENESS | {"age": {"type": "CalculationOnly"}},
        sessionOverrideConfig=OPEN_TO_OVERRIDES,
    )
    link = site.link_with(verification, **parameters)
    assert problem(browser, link, 400)["field"] == field
    assert count_sessions(runtime) == 0


def test_a_nonce_needs_an_expiration(site: RelyingSite, browser: TestApp) -> None:
    link = site.link_with(site.publish(), reNonce="ab" * 16)
    assert problem(browser, link, 400)["field"] == "reNonce"


def test_a_required_nonce_must_be_there(site: RelyingSite, browser: TestApp) -> None:
    verification = site.publish(securityConfig={"requireNonce": True})
    assert problem(browser, site.link(verification, nonce=False), 400)["field"] == "reNonce"


@pytest.mark.parametrize("mode", ["MatchVerification", "UniqueMatchVerification"])
def test_recognition_under_an_id_needs_the_id(site: RelyingSite, browser: TestApp, mode: str) -> None:
    verification = site.publish(verifierConfigs={"faceRecognition": {"type": mode}})
    assert problem(browser, site.link(verification), 400)["field"] == "reExternalId"


def test_overrides_that_are_not_allowed_are_ignored_and_noted(
    site: RelyingSite, browser: TestApp, runtime: Runtime
) -> None:
    link = site.link(
        site.publish(),
        reDisableLivenessVerifier="not even a boolean",
        rePassedUrl="https://evil.example/",
    )
    visit = Visit.open(browser, runtime.clock, link)
    assert visit.page["verifiers"] == ["liveness"]
    with runtime.database.reading() as db:
        row = db.get_one(VerificationSession, visit.session_id)
    assert set(row.ignored) == {"reDisableLivenessVerifier", "rePassedUrl"}
    assert row.overrides["passedUrl"] is None


def test_an_allowed_override_switches_its_verifier_off(site: RelyingSite, browser: TestApp) -> None:
    verification = site.publish(
        verifierConfigs=LIVENESS | {"age": {"type": "CalculationOnly"}},
        sessionOverrideConfig={"allowVerifierOverrides": True},
    )
    link = site.link(verification, reDisableLivenessVerifier="TRUE")
    assert Visit.open(browser, site.runtime.clock, link).page["verifiers"] == ["age"]


def test_switching_everything_off_is_refused(site: RelyingSite, browser: TestApp) -> None:
    verification = site.publish(sessionOverrideConfig={"allowVerifierOverrides": True})
    problem(browser, site.link(verification, reDisableLivenessVerifier="true"), 400)


def test_a_redirect_override_needs_a_signature(site: RelyingSite, browser: TestApp, runtime: Runtime) -> None:
    allowed = "https://shop.example/other"
    verification = site.publish(
        redirectConfig={"allowedRedirectUrls": [allowed]},
        securityConfig={"forceSignedInput": False},
        sessionOverrideConfig=OPEN_TO_OVERRIDES,
    )
    unsigned = f"/verification/{verification}?rePassedUrl={allowed}"
    visits = [
        Visit.open(new_browser(runtime), runtime.clock, link)
        for link in (unsigned, site.link(verification, rePassedUrl=allowed))
    ]
    with runtime.database.reading() as db:
        targets = [
            db.get_one(VerificationSession, visit.session_id).overrides["passedUrl"] for visit in visits
        ]
    assert targets == [None, allowed]


def test_opening_again_before_the_first_frame_resumes_and_supersedes(
    site: RelyingSite, runtime: Runtime
) -> None:
    link = site.link(site.publish())
    first = Visit.open(new_browser(runtime), runtime.clock, link)
    second = Visit.open(new_browser(runtime), runtime.clock, link)
    assert first.session_id == second.session_id
    refused = first.post("consent", {"accepted": True, "textHash": "0" * 64}, status=409)
    assert refused.json["type"].endswith(":page-superseded")
    second.consent()
    assert second.status["phase"] == "ready"


def test_a_link_without_nonce_opens_a_new_session_after_each_completed_use(
    site: RelyingSite, browser: TestApp
) -> None:
    link = site.link(site.publish(), nonce=False)
    first = Visit.open(browser, site.runtime.clock, link)
    first.post("exit", {"reason": "cancelled"})
    second = Visit.open(browser, site.runtime.clock, link)
    assert first.session_id != second.session_id


def test_a_link_with_a_nonce_is_gone_once_its_session_is_over(site: RelyingSite, browser: TestApp) -> None:
    link = site.link(site.publish())
    Visit.open(browser, site.runtime.clock, link).post("exit", {"reason": "cancelled"})
    problem(browser, link, 410)


def test_another_link_with_a_spent_nonce_is_gone(site: RelyingSite, browser: TestApp) -> None:
    verification = site.publish()
    browser.get(site.link(verification, nonce="ab" * 16, external_id="alice"), status=303)
    problem(browser, site.link(verification, nonce="ab" * 16, external_id="bob"), 410)


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "WhatsApp/2.23"},
        {"User-Agent": "Mozilla/5.0 (compatible; Slackbot-LinkExpanding 1.0)"},
        {"Sec-Purpose": "prefetch;prerender"},
    ],
)
def test_a_link_preview_creates_nothing(
    site: RelyingSite, browser: TestApp, runtime: Runtime, headers: dict[str, str]
) -> None:
    assert browser.get(site.link(site.publish()), headers=headers, status=200).content_type == "text/html"
    assert count_sessions(runtime) == 0


def test_a_head_request_creates_nothing(site: RelyingSite, browser: TestApp, runtime: Runtime) -> None:
    browser.head(site.link(site.publish()), status=200)
    assert count_sessions(runtime) == 0
    with runtime.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(SpentNonce)) == 0


def test_people_get_a_page_and_no_redirect_when_a_link_is_refused(
    browser: TestApp, site: RelyingSite
) -> None:
    response = browser.get(f"/verification/{site.publish()}?reLocale=de", status=403)
    assert response.content_type == "text/html"
    assert 'lang="de"' in response.text
    assert "Location" not in response.headers


def test_a_country_that_is_not_served_is_refused(site: RelyingSite, browser: TestApp) -> None:
    verification = site.publish(securityConfig={"allowedCountries": ["NO"]})
    problem(browser, site.link(verification), 403)


def test_a_link_longer_than_eight_kilobytes_is_refused(site: RelyingSite, browser: TestApp) -> None:
    problem(browser, f"/verification/{site.publish()}?x={'y' * 8200}", 413)


def test_more_than_thirty_two_parameters_of_the_sites_own_are_refused(
    site: RelyingSite, browser: TestApp
) -> None:
    link = site.link_with(site.publish(), **{f"p{n}": "1" for n in range(33)})
    problem(browser, link, 413)


def note_failures(runtime: Runtime, verification: str, failures: int) -> None:
    limits = AttemptLimits()
    with runtime.database.transaction() as db:
        for _ in range(failures):
            count_outcome(db, limits, verification, "alice", Reason.FACE_MISMATCH, runtime.clock())
            db.flush()


def test_an_id_that_failed_ten_times_has_to_pause(
    site: RelyingSite, browser: TestApp, runtime: Runtime, clock: FakeClock
) -> None:
    verification = site.publish()
    note_failures(runtime, verification, 10)
    link = site.link(verification, external_id="alice")
    refused = browser.get(link, status=429, headers={"Accept": "application/json"})
    assert refused.json["type"].endswith(":rate-limited")
    assert refused.headers["Retry-After"] == "30"
    browser.get(site.link(verification, external_id="bob"), status=303)
    clock.pass_seconds(30)
    browser.get(link, status=303)


def test_an_id_that_failed_a_hundred_times_is_locked(
    site: RelyingSite, browser: TestApp, runtime: Runtime
) -> None:
    verification = site.publish()
    note_failures(runtime, verification, 100)
    link = site.link(verification, external_id="alice")
    assert problem(browser, link, 429)["type"] == "urn:visavis:problem:attempts-exhausted"
    assert count_sessions(runtime) == 0


def test_the_link_is_kept_for_the_page_and_forgotten_at_the_end(
    site: RelyingSite, browser: TestApp, runtime: Runtime
) -> None:
    link = site.link(site.publish())
    visit = Visit.open(browser, runtime.clock, link)
    assert visit.page["urls"]["link"] == link
    visit.post("exit", {"reason": "cancelled"})
    with runtime.database.reading() as db:
        assert db.get_one(VerificationSession, visit.session_id).sealed_link is None
