"""Sessions that a backend opens, lists, cancels and redacts."""

import json
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine, select
from webtest import TestApp

from app.db import Base
from app.inference.engine import OpenPackEngine
from app.models import AttemptLimit, OutboxEvent
from app.runtime import Runtime
from tests.databases import on_both_databases
from tests.functional.api_backend import Backend, problem
from tests.functional.people import Cast
from tests.functional.visit import Person, Visit
from tests.service import PUBLIC_URL, RelyingSite, new_browser

CREATE, LIST = "/v1/verification/create-session", "/v1/verification/sessions"
CANCEL, REDACT = "/v1/verification/cancel-session", "/v1/verification/redact-session"
RESULT = "/v1/verification/get-session-result"
NOBODY = "00000000-0000-4000-8000-000000000000"
AGE_ONLY = {"age": {"type": "CalculationOnly"}}


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site)


@pytest.fixture(scope="module")
def cast(engine: OpenPackEngine) -> Cast:
    return Cast(engine)


def path_of(created: dict[str, str]) -> str:
    return created["url"].removeprefix(PUBLIC_URL)


def test_a_session_is_opened_without_signing_and_waits_for_its_person(
    backend: Backend, site: RelyingSite, browser: TestApp
) -> None:
    verification = site.publish(
        resultParameterConfig={"includeCustomInputParameters": True, "includeExternalId": True}
    )
    created = backend.post(
        CREATE,
        {
            "verificationId": verification,
            "externalId": "alice",
            "correlationId": "order 7",
            "customParameters": {"cart": "7"},
        },
    ).json
    assert created["url"] == f"{PUBLIC_URL}/verification/{verification}?{created['sessionToken']}"
    visit = Visit.open(browser, site.runtime.clock, path_of(created))
    assert visit.session_id == created["verificationSessionId"]
    visit.consent(accepted=False)
    result = site.check(verification, visit.return_url())
    assert (result.external_id, result.get("reCorrelationId"), result.custom) == (
        "alice",
        "order 7",
        (("cart", "7"),),
    )
    assert new_browser(site.runtime).get(path_of(created), status="*").status_int == 410


def failed_once(verification: str, external_id: str, now: float) -> AttemptLimit:
    """Return the count of a person who has to wait half a minute."""
    return AttemptLimit(
        verification_id=verification,
        external_id=external_id,
        failures=1,
        blocked_until=now + 30,
        updated_at=now,
    )


@on_both_databases
def test_verifiers_can_be_given_for_one_session_as_verifeye_does(backend: Backend, browser: TestApp) -> None:
    wish = {
        "verifierConfigs": {
            "liveness": {"type": "Verification", "challengeType": "Balanced"},
            "age": {"type": "CalculationOnly"},
        }
    }
    first, second = backend.post(CREATE, wish).json, backend.post(CREATE, wish).json
    assert {"verificationSessionId", "sessionToken"} <= set(first)
    assert first["verificationId"] == second["verificationId"]
    assert first["verificationSessionId"] != second["verificationSessionId"]
    assert browser.get(path_of(first)).status_int == 303


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "verificationId"),
        ({"verificationId": "x"}, "verificationId"),
        ({"verifierConfigs": {"age": {"type": "Maybe"}}}, "verifierConfigs.age.type"),
        ({"verifierConfigs": {}}, "verifierConfigs"),
        ({"externalId": ""}, "externalId"),
        ({"externalId": "x" * 257}, "externalId"),
        ({"externalId": "a\0"}, "externalId"),
        ({"customParameters": {"reNonce": "x"}}, "customParameters.reNonce"),
        ({"customParameters": {str(n): "x" for n in range(33)}}, "customParameters"),
        ({"disabledVerifiers": ["smell"]}, "disabledVerifiers[0]"),
        ({"sendMail": True}, "sendMail"),
    ],
)
def test_a_wish_that_cannot_be_met_names_its_field(
    backend: Backend, site: RelyingSite, wish: dict[str, object], field: str
) -> None:
    base = {"verificationId": site.publish()} if field not in {"verificationId"} else {}
    base = {} if "verifierConfigs" in wish else base
    assert problem(backend.post(CREATE, base | wish)) == (400, "bad-input", field)
    assert backend.get(LIST).json["sessions"] == []


def test_verifiers_and_a_verification_exclude_each_other(backend: Backend, site: RelyingSite) -> None:
    wish = {"verificationId": site.publish(), "verifierConfigs": AGE_ONLY}
    assert problem(backend.post(CREATE, wish))[2] == "verifierConfigs"


def test_overrides_are_honoured_as_those_of_a_link_are(backend: Backend, site: RelyingSite) -> None:
    target = "https://shop.example/other"
    verification = site.publish(
        verifierConfigs={"liveness": {"type": "Verification"}, **AGE_ONLY},
        sessionOverrideConfig={"allowVerifierOverrides": True, "allowRedirectOverrides": True},
        redirectConfig={"passedUrl": target, "failedUrl": target, "allowedRedirectUrls": [target]},
    )
    wish = {"verificationId": verification, "disabledVerifiers": ["age"], "failedUrl": target, "locale": "de"}
    created = backend.post(CREATE, wish).json
    backend.post(CANCEL, {"verificationSessionId": created["verificationSessionId"]})
    result = backend.get(RESULT, verificationSessionId=created["verificationSessionId"]).json
    assert (result["livenessResult"], result["ageVerificationResult"]) == ("not_executed", None)
    everything_off = backend.post(CREATE, wish | {"disabledVerifiers": ["age", "liveness"]})
    assert problem(everything_off)[0] == 400
    off_the_list = backend.post(CREATE, wish | {"failedUrl": "https://evil.example/"})
    assert problem(off_the_list)[2] == "reFailedUrl"


def test_a_pause_for_an_external_id_holds_for_backends_too(backend: Backend, site: RelyingSite) -> None:
    verification = site.publish(securityConfig={"attemptLimits": {"failuresBeforePause": 1, "hardStop": 2}})
    wish = {"verificationId": verification, "externalId": "mallory"}
    with site.runtime.database.transaction() as db:
        db.add(failed_once(verification, "mallory", site.runtime.clock()))
    paused = backend.post(CREATE, wish)
    assert problem(paused)[:2] == (429, "rate-limited")
    assert paused.headers["Retry-After"] == "30"
    with site.runtime.database.transaction() as db:
        db.get_one(AttemptLimit, (verification, "mallory")).failures = 2
    assert problem(backend.post(CREATE, wish))[:2] == (429, "attempts-exhausted")


def test_unknown_verifications_and_overlong_wishes_are_refused(backend: Backend, site: RelyingSite) -> None:
    assert problem(backend.post(CREATE, {"verificationId": NOBODY}))[:2] == (404, "not-found")
    long = {"verificationId": site.publish(), "customParameters": {str(n): "x" * 1000 for n in range(9)}}
    assert problem(backend.post(CREATE, long))[:2] == (413, "too-large")


@on_both_databases
def test_sessions_are_listed_newest_first_and_filtered(backend: Backend, site: RelyingSite) -> None:
    first, second = site.publish(), site.publish()
    ids = []
    for verification, person in ((first, "alice"), (first, "bob"), (second, "alice")):
        created = backend.post(CREATE, {"verificationId": verification, "externalId": person}).json
        ids.append(created["verificationSessionId"])
        site.runtime.clock.pass_seconds(10)
    backend.post(CANCEL, {"verificationSessionId": ids[1]})

    def found(**query: object) -> list[str]:
        return [row["verificationSessionId"] for row in backend.get(LIST, **query).json["sessions"]]

    assert found() == ids[::-1]
    assert found(verificationId=first) == [ids[1], ids[0]]
    assert found(externalId="alice") == [ids[2], ids[0]]
    assert found(state="cancelled") == found(reason="cancelled") == [ids[1]]
    start = int(site.runtime.clock()) - 30
    assert found(createdFrom=start + 10, createdTo=start + 20) == [ids[1]]
    page = backend.get(LIST, limit=2).json
    rest = backend.get(LIST, limit=2, cursor=page["nextCursor"]).json
    assert [row["verificationSessionId"] for row in rest["sessions"]] == [ids[0]]
    assert rest["nextCursor"] is None
    assert problem(backend.get(LIST, state="asleep"))[2] == "state"
    assert problem(backend.get(LIST, limit=0))[2] == "limit"


def test_a_cancelled_session_is_over_for_its_person_too(
    backend: Backend, site: RelyingSite, browser: TestApp
) -> None:
    verification = site.publish()
    created = backend.post(CREATE, {"verificationId": verification}).json
    visit = Visit.open(browser, site.runtime.clock, path_of(created))
    which = {"verificationSessionId": created["verificationSessionId"]}
    assert backend.post(CANCEL, which).json["state"] == "cancelled"
    assert visit.look()["outcome"]["reason"] == "cancelled"
    assert site.check(verification, visit.return_url()).failed_reason == "cancelled"
    assert problem(backend.post(CANCEL, which))[:2] == (409, "state-conflict")
    assert problem(backend.post(CANCEL, {"verificationSessionId": NOBODY}))[:2] == (404, "not-found")


def everything_stored(engine: Engine) -> str:
    """Return all rows of all tables as text."""
    with engine.connect() as connection:
        tables = Base.metadata.sorted_tables
        return "\n".join(str(row) for table in tables for row in connection.execute(select(table)))


def test_redaction_leaves_nothing_but_hashes(
    backend: Backend, site: RelyingSite, browser: TestApp, runtime: Runtime, cast: Cast, tmp_path: Path
) -> None:
    verification = site.publish(
        verifierConfigs={**AGE_ONLY, "gender": {"type": "CalculationOnly"}},
        resultParameterConfig={"includeCustomInputParameters": True, "delivery": "Code"},
    )
    wish = {
        "verificationId": verification,
        "externalId": "alice-liddell",
        "correlationId": "order-of-alice",
        "locale": "de",
        "customParameters": {"street": "looking-glass"},
    }
    created = backend.post(CREATE, wish, Idempotency_Key="one").json
    visit = Visit.open(browser, runtime.clock, path_of(created))
    visit.go_through(Person(cast.alice))
    code = parse_qs(urlsplit(visit.return_url()).query)["reResultCode"][0]
    which = {"verificationSessionId": created["verificationSessionId"]}
    assert backend.get(RESULT, **which).json["age"] is not None
    with runtime.database.transaction() as db:
        db.add(failed_once(verification, "alice-liddell", runtime.clock()))
    before = time.perf_counter()
    answer = backend.post(REDACT, which)
    assert time.perf_counter() - before < 1.0
    assert answer.json["state"] == "passed"
    stored = everything_stored(runtime.database.engine)
    for secret in ("alice-liddell", "order-of-alice", "looking-glass", "de'", "presentation_attack"):
        assert secret not in stored, secret
    result = backend.get(RESULT, **which).json
    assert result["redactedAt"] is not None
    for name in ("age", "gender", "externalId", "correlationId", "nonce", "failedReason", "faceComparison"):
        assert result[name] is None, name
    assert result["findings"] == result["customParameters"] == []
    assert [row["toState"] for row in result["transitions"]][-1] == "passed"
    assert result["consents"][0]["textHash"]
    waits = backend.post(CREATE, {"verificationId": verification, "externalId": "alice-liddell"})
    assert problem(waits)[:2] == (429, "rate-limited")
    gone = backend.post("/v1/verification/redeem-result-code", {"resultCode": code})
    assert problem(gone)[0] == 404
    assert problem(backend.post(REDACT, which))[:2] == (409, "state-conflict")
    for file in tmp_path.glob("visavis.db*"):
        assert b"alice-liddell" not in file.read_bytes(), file


@on_both_databases
def test_redacting_an_open_session_ends_it_and_tells_the_webhook(backend: Backend, site: RelyingSite) -> None:
    created = backend.post(CREATE, {"verificationId": site.publish(), "externalId": "alice"}).json
    which = {"verificationSessionId": created["verificationSessionId"]}
    assert backend.post(REDACT, which).json["state"] == "cancelled"
    with site.runtime.database.reading() as db:
        assert db.scalars(select(OutboxEvent.event).order_by(OutboxEvent.id)).all()[-1] == "SessionRedacted"
    assert "alice" not in json.dumps(backend.get(LIST).json)
    assert problem(backend.post(REDACT, {"verificationSessionId": NOBODY}))[:2] == (404, "not-found")
    assert new_browser(site.runtime).get(path_of(created), status="*").status_int == 410
