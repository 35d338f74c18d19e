"""The site in each README and each example starts, signs its links, and believes what it should."""

import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from webtest import TestApp

from app.runtime import Runtime
from app.signing.request_link import VerificationRequest, parse_request
from app.signing.result_link import sign_result
from app.signing.schemes import DEFAULT_SCHEMES
from app.webhooks.message import body_of, headers_for
from tests.functional.visit import Visit
from tests.sdk.published_vectors import ID, KEY, NEXT_KEY, SECRET, SESSION, whsec
from tests.sdk.sites import EXAMPLES, RECIPES, SERVICE, Site, Visitor, readme_block, running
from tests.sdk.toolchains import present
from tests.service import FakeClock, RelyingSite
from tests.unit.test_sdk_python import keyring

HERE = [recipe for recipe in RECIPES if recipe.language in {toolchain.language for toolchain in present()}]
OVERRIDES = {f"reDisable{name}Verifier": "true" for name in ("Liveness", "Age", "Gender")}
everywhere = pytest.mark.parametrize("site", HERE, indirect=True, ids=lambda recipe: recipe.name)
in_examples = pytest.mark.parametrize(
    "site", [recipe for recipe in HERE if recipe.is_example], indirect=True, ids=lambda recipe: recipe.name
)


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(request.param, tmp_path_factory.mktemp("site")) as started:
        yield started


def opened(link: str) -> VerificationRequest:
    """Read a link as the service does."""
    address, _, query = link.partition("?")
    assert address == f"{SERVICE}/verification/{ID}"
    return parse_request(
        ID, query, keyring(SECRET), force_signed=True, schemes=DEFAULT_SCHEMES, now=int(time.time())
    )


def answer_to(request: VerificationRequest, outcome: str = "passed", **more: str) -> str:
    """Return path and query of the result that answers a link."""
    pairs = [
        ("reVerificationSessionId", SESSION),
        ("reVerificationId", ID),
        ("reVerificationResult", outcome),
        *more.items(),
        ("reNonce", request.nonce or ""),
        ("reIssuedAt", str(int(time.time()))),
    ]
    url = urlsplit(sign_result("http://localhost/callback?lang=pt+BR", pairs, ID, keyring(SECRET)))
    return f"{url.path}?{url.query}"


@everywhere
def test_a_passed_answer_is_believed_once(site: Site) -> None:
    visitor, link = site.visit()
    request = opened(link)
    assert (request.external_id, request.overrides) == ("user-17", {})
    answer = visitor.get(answer_to(request, note="Zoë & 😀"))
    assert answer.status == 200
    if site.recipe.is_example:
        assert 'data-outcome="passed"' in answer.text
    else:
        assert json.loads(answer.text) == {"passed": True}
    assert visitor.get(answer_to(request)).status >= 400


@everywhere
def test_a_failed_answer_is_no_pass(site: Site) -> None:
    visitor, link = site.visit()
    text = visitor.get(answer_to(opened(link), "failed", reFailedReason="face_mismatch")).text
    assert '"passed": true' not in text.replace(":true", ": true")
    assert 'data-outcome="passed"' not in text
    assert not site.recipe.is_example or 'data-reason="face_mismatch"' in text


@everywhere
def test_a_tampered_answer_is_refused(site: Site) -> None:
    visitor, link = site.visit()
    answer = answer_to(opened(link), "failed")
    assert visitor.get(answer.replace("=failed", "=passed")).status >= 400


@everywhere
def test_the_answer_to_somebody_elses_link_is_refused(site: Site) -> None:
    _, theirs = site.visit()
    visitor, _ = site.visit()
    assert visitor.get(answer_to(opened(theirs))).status >= 400
    assert Visitor(site.port).get(answer_to(opened(theirs))).status >= 400


@everywhere
def test_an_unsigned_answer_is_refused(site: Site) -> None:
    visitor, _ = site.visit()
    assert visitor.get("/callback").status >= 400
    assert visitor.get("/callback?reVerificationResult=passed").status >= 400


@in_examples
def test_a_return_visit_only_compares_the_face(site: Site) -> None:
    visitor, link = site.visit("return", "Zoë <b>'\"&")
    request = opened(link)
    assert (request.overrides, request.external_id) == (OVERRIDES, "Zoë <b>'\"&")
    text = visitor.get(answer_to(request)).text
    assert 'data-kind="return"' in text
    assert "<b>'" not in text


@in_examples
def test_an_incomplete_form_leads_back_to_the_start(site: Site) -> None:
    for kind, name in (("first", " "), ("other", "ada"), ("toString", "ada"), ("first", "x" * 257)):
        assert site.visit(kind, name)[1] == "/"


@in_examples
def test_a_webhook_is_believed_when_the_service_signed_it(site: Site) -> None:
    body = body_of("VerificationCompleted", SESSION, ID, time.time())
    headers = headers_for("msg_1", body, [whsec(KEY)], time.time())
    assert Visitor(site.port).send("POST", "/webhook", body.encode(), **headers).status == 204
    forged = headers_for("msg_1", body, [whsec(NEXT_KEY)], time.time())
    assert Visitor(site.port).send("POST", "/webhook", body.encode(), **forged).status == 400
    late = headers_for("msg_1", body, [whsec(KEY)], time.time() - 400)
    assert Visitor(site.port).send("POST", "/webhook", body.encode(), **late).status == 400
    assert Visitor(site.port).send("POST", "/webhook", body.encode() + b" ", **headers).status == 400


@pytest.mark.parametrize("file", ["relying_site/app.py", "express_site/app.js", "php_site/index.php"])
def test_an_example_is_at_most_a_hundred_lines(file: str) -> None:
    assert len((EXAMPLES / file).read_text(encoding="utf-8").splitlines()) <= 100


def test_fifteen_lines_of_the_python_readme_lead_to_a_verified_result(
    site_service: tuple[RelyingSite, str], browser: TestApp, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way, against the service: its page, its signature, the README's check."""
    service, verification = site_service
    block = readme_block("python")
    assert len(block.splitlines()) <= 15
    for name, value in (
        ("URL", SERVICE),
        ("VERIFICATION_ID", verification),
        ("SIGNING_SECRET", service.secret),
    ):
        monkeypatch.setenv(f"VISAVIS_{name}", value)
    monkeypatch.setattr("time.time", clock)
    copied: dict[str, object] = {"__name__": "site"}
    exec(compile(block, "README.md", "exec"), copied)  # noqa: S102 -- what a reader would run
    shop = copied["app"].test_client()  # type: ignore[attr-defined]
    visit = Visit.open(browser, clock, shop.get("/").location.removeprefix(SERVICE))
    visit.consent(accepted=False)
    answer = shop.get(visit.return_url())
    assert (answer.status_code, answer.json) == (200, {"passed": False})


@pytest.fixture
def site_service(runtime: Runtime) -> tuple[RelyingSite, str]:
    """The service's side of the README: a project and a verification that sends people back."""
    service = RelyingSite.register(runtime)
    callback = "http://localhost:5001/callback"
    return service, service.publish(redirectConfig={"passedUrl": callback, "failedUrl": callback})
