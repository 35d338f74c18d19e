"""The example site against the real signing code: a visit, an answer, and answers that are not."""

import importlib.util
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from time import time
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.signing.keyring import Keyring, SigningSecret
from app.signing.request_link import VerificationRequest, parse_request
from app.signing.result_link import sign_result
from app.signing.schemes import DEFAULT_SCHEMES

with warnings.catch_warnings():
    # WebOb still imports `cgi`, which Python 3.11 announces to be gone in 3.13.
    warnings.filterwarnings("ignore", "'cgi' is deprecated", DeprecationWarning)
    from webtest import TestApp, TestResponse

EXAMPLE = Path(__file__).parents[2] / "examples" / "relying_site" / "app.py"
ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
SECRET = "the signing secret of the project"
KEYS = Keyring((SigningSecret("k1", SECRET, datetime(2026, 1, 1, tzinfo=UTC)),))
ENVIRON = {
    "VISAVIS_URL": "http://localhost:5000",
    "VISAVIS_VERIFICATION_ID": ID,
    "VISAVIS_SIGNING_SECRET": SECRET,
}


def load_example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("relying_site_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where Flask looks for the folder of the templates
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> TestApp:
    monkeypatch.setattr(sys, "path", list(sys.path))  # the example puts the client on it
    return TestApp(load_example().create_app(ENVIRON))


def start(site: TestApp, kind: str = "first", name: str = "ada") -> VerificationRequest:
    """Choose a name, press a button, and read the link as the service would."""
    form = site.get("/").form
    form["name"] = name
    url = urlsplit(form.submit("kind", value=kind, status=303).location)
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"http://localhost:5000/verification/{ID}"
    return parse_request(ID, url.query, KEYS, force_signed=True, schemes=DEFAULT_SCHEMES, now=int(time()))


def answer(nonce: str | None, outcome: str = "passed", **more: str) -> str:
    pairs = [
        ("reVerificationSessionId", "9b2f6c1e-58d4-4b0a-8f4e-2d1c7a3b5e60"),
        ("reVerificationId", ID),
        ("reVerificationResult", outcome),
        *more.items(),
        ("reNonce", nonce or ""),
        ("reIssuedAt", str(int(time()))),
    ]
    return sign_result("http://localhost/callback", pairs, ID, KEYS)


def shown(response: TestResponse, attribute: str) -> list[Any]:
    return [tag[attribute] for tag in response.html.select(f"[{attribute}]")]


def test_a_first_visit_asks_for_everything_under_the_chosen_name(site: TestApp) -> None:
    request = start(site)
    assert request.external_id == "ada"
    assert request.nonce is not None
    assert request.overrides == {}


def test_a_return_visit_only_compares_the_face(site: TestApp) -> None:
    assert start(site, "return").overrides == {
        "reDisableLivenessVerifier": "true",
        "reDisableAgeVerifier": "true",
        "reDisableGenderVerifier": "true",
    }


def test_the_name_is_remembered(site: TestApp) -> None:
    start(site, name="Zoë <b>")
    assert site.get("/").form["name"].value == "Zoë <b>"


def test_a_passed_answer_is_shown_with_what_was_checked(site: TestApp) -> None:
    request = start(site)
    more = {"reLivenessResult": "passed", "reFaceRecognitionResult": "not_executed", "reAge": "31"}
    page = site.get(answer(request.nonce, **more), status=200)
    assert shown(page, "data-outcome") == ["passed"]
    assert shown(page, "data-kind") == ["first"]
    assert shown(page, "data-check") == ["passed", "not_executed"]
    assert {"reVerificationSessionId", "reAge"} <= set(shown(page, "data-parameter"))


def test_a_failed_answer_is_shown_with_its_reason(site: TestApp) -> None:
    request = start(site, "return")
    page = site.get(answer(request.nonce, "failed", reFailedReason="face_mismatch"), status=200)
    assert shown(page, "data-outcome") == ["failed"]
    assert shown(page, "data-reason") == ["face_mismatch"]


def test_what_the_visitor_wrote_is_never_markup(site: TestApp) -> None:
    request = start(site, name="<script>x</script>")
    page = site.get(answer(request.nonce, note="<script>y</script>"))
    assert page.html.find("script") is None


def test_an_answer_counts_once(site: TestApp) -> None:
    url = answer(start(site).nonce)
    site.get(url, status=200)
    assert shown(site.get(url, status=400), "data-refusal") == ["NonceMismatch"]


def test_the_answer_to_somebody_elses_link_is_refused(site: TestApp) -> None:
    other = start(site).nonce
    start(site)
    assert shown(site.get(answer(other), status=400), "data-refusal") == ["NonceMismatch"]


@pytest.mark.parametrize("nonce", [None, "0" * 32])
def test_an_answer_without_a_visit_is_refused(site: TestApp, nonce: str | None) -> None:
    assert shown(site.get(answer(nonce), status=400), "data-refusal") == ["NonceMismatch"]


@pytest.mark.parametrize("path", ["/callback", "/callback?reVerificationResult=passed", "/callback?a=%zz"])
def test_an_unsigned_answer_is_refused(site: TestApp, path: str) -> None:
    start(site)
    page = site.get(path, status=400)
    assert shown(page, "data-outcome") == ["refused"]
    assert shown(page, "data-refusal") == ["BadSignature"]


@pytest.mark.parametrize("sent", [{}, {"name": " ", "kind": "first"}, {"name": "ada", "kind": "other"}])
def test_an_incomplete_form_leads_back_to_the_start(site: TestApp, sent: dict[str, str]) -> None:
    assert site.post("/visit", sent, status=303).location.endswith("/")


def test_the_site_makes_no_third_party_request_and_its_cookie_has_its_own_name(site: TestApp) -> None:
    start(site)
    page = site.get("/")
    assert all(link["href"].startswith(("/", "data:")) for link in page.html.find_all("link"))
    assert list(site.cookies) == ["relying_site"]
    site.get("/static/site.css", status=200)


@pytest.mark.parametrize("missing", list(ENVIRON))
def test_a_missing_setting_is_named(missing: str) -> None:
    environ = {name: value for name, value in ENVIRON.items() if name != missing}
    with pytest.raises(SystemExit, match=missing):
        load_example().create_app(environ)


def test_the_example_stays_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 100
