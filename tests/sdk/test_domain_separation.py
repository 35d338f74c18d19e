"""A signature or token of one kind is worth nothing in the place of another, even under the same key."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from itertools import combinations

import pytest
from visavis_backend import WebhookRefused, verify_webhook
from visavis_client import ResultRefused, VerificationLink, verify_result
from webtest import TestApp

from app.api.scopes import Scope
from app.api.tokens import make_token, read_token
from app.errors import SignatureRefusedError, UnauthenticatedError
from app.hosted.guards import page_token
from app.sealing import Purpose, SealBrokenError, Sealer
from app.signing.canonical import SignedKind, canonical_query, message, parse_query, sign
from app.signing.request_link import parse_request
from app.signing.schemes import SCHEMES
from app.webhooks.message import body_of, headers_for
from tests.functional.visit import Visit
from tests.sdk.published_vectors import BODY, ID, MESSAGE_ID, NOW, RESULT, SESSION, signed, whsec
from tests.service import MASTER_KEY, FakeClock, RelyingSite
from tests.unit.test_sdk_python import keyring

# The worst case: one text is the signing secret and, in Base64, the webhook secret.
SECRET = "one secret for everything here."
QUERY = f"reVerificationId={ID}&reVerificationResult=passed&reIssuedAt={NOW}"
SEALER = Sealer(MASTER_KEY)


def is_request(query: str, signature: str) -> bool:
    """Tell whether the service opens it as a link, with every scheme switched on."""
    link = f"{query}&reSignature={signature}"
    try:
        return parse_request(
            ID, link, keyring(SECRET), force_signed=True, schemes=tuple(SCHEMES), now=NOW
        ).signed
    except SignatureRefusedError:
        return False


def is_result(query: str, signature: str) -> bool:
    link = f"{query}&reSignature={signature}"
    try:
        return bool(verify_result(link, verification_id=ID, secrets=SECRET, now=NOW).parameters)
    except ResultRefused:
        return False


def is_webhook(body: str, signature: str) -> bool:
    headers = {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(NOW),
        "webhook-signature": f"v1,{signature}",
    }
    try:
        return bool(verify_webhook(headers, body.encode(), secrets=whsec(SECRET.encode()), now=NOW))
    except WebhookRefused:
        return False


def request_signature(query: str) -> str:
    return sign(SECRET, message(SignedKind.REQUEST, ID, canonical_query(parse_query(query))))


def result_signature(query: str) -> str:
    return sign(SECRET, message(SignedKind.RESULT, ID, canonical_query(parse_query(query))))


def webhook_signature(body: str) -> str:
    headers = headers_for(MESSAGE_ID, body, [whsec(SECRET.encode())], NOW)
    return headers["webhook-signature"].removeprefix("v1,")


def as_hex(text: str) -> str:
    return base64.b64decode(text).hex()


def as_base64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def test_each_kind_is_taken_in_its_own_place() -> None:
    assert is_request(QUERY, request_signature(QUERY))
    assert is_result(QUERY, result_signature(QUERY))
    assert is_webhook(BODY, webhook_signature(BODY))


def test_a_request_signature_is_no_result() -> None:
    assert not is_result(QUERY, request_signature(QUERY))


def test_a_result_signature_is_no_request() -> None:
    assert not is_request(QUERY, result_signature(QUERY))


@pytest.mark.parametrize("text", [QUERY, BODY, f"{MESSAGE_ID}.{NOW}.{QUERY}"])
def test_a_webhook_signature_is_neither_request_nor_result(text: str) -> None:
    for signature in (webhook_signature(text), as_hex(webhook_signature(text))):
        assert not is_request(QUERY, signature)
        assert not is_result(QUERY, signature)


@pytest.mark.parametrize("signer", [request_signature, result_signature])
def test_neither_request_nor_result_signs_a_webhook(signer: Callable[[str], str]) -> None:
    for text in (signer(QUERY), as_base64(signer(QUERY))):
        assert not is_webhook(BODY, text)
        assert not is_webhook(QUERY, text)


def test_the_texts_that_are_signed_begin_differently() -> None:
    request, result = (message(kind, ID, "a=1") for kind in (SignedKind.REQUEST, SignedKind.RESULT))
    assert request.split(b"\n")[0] != result.split(b"\n")[0]
    # A webhook's text begins with its id and a full stop; neither can hold the mark of the other.
    assert b"." not in request.split(b"\n")[0] + result.split(b"\n")[0]
    assert b"\n" not in f"{MESSAGE_ID}.{NOW}.".encode()


def page_tokens() -> str:
    return page_token(SEALER, SESSION, 1)


def api_tokens() -> str:
    return make_token(SEALER, "key-1", [Scope.SESSIONS_READ], 900, NOW)


@pytest.mark.parametrize("make", [page_tokens, api_tokens])
def test_a_token_of_the_service_signs_neither_link_nor_result_nor_webhook(make: Callable[[], str]) -> None:
    assert not is_request(QUERY, make())
    assert not is_result(QUERY, make())
    assert not is_webhook(BODY, make())


@pytest.mark.parametrize(
    "make", [page_tokens, lambda: request_signature(QUERY), lambda: webhook_signature(BODY)]
)
def test_nothing_but_its_own_token_opens_the_api(make: Callable[[], str]) -> None:
    assert read_token(SEALER, api_tokens(), NOW)[0] == "key-1"
    with pytest.raises(UnauthenticatedError):
        read_token(SEALER, make(), NOW)


def test_the_page_takes_its_own_token_and_no_signature(
    site: RelyingSite, browser: TestApp, clock: FakeClock
) -> None:
    verification = site.publish()
    visit = Visit.open(browser, clock, site.link(verification))
    token = visit.page["token"]
    query = "a=1"
    others = [
        make_token(site.runtime.sealer, "key-1", [Scope.SESSIONS_READ], 900, clock.now),
        signed(query, "request", verification, site.secret).rpartition("=")[2],
        signed(query, "result", verification, site.secret).rpartition("=")[2],
        hmac.new(site.secret.encode(), f"{visit.session_id}.1".encode(), hashlib.sha256).hexdigest(),
        browser.cookies[f"visavis-{visit.session_id}"],
    ]
    for other in others:
        visit.page["token"] = other
        visit.post("consent", {"accepted": True, "textHash": "x"}, status=409)
    visit.page["token"] = token
    visit.consent()


def test_every_purpose_has_a_key_and_a_name_of_its_own() -> None:
    """Hand-over, upload and page tokens are under keys of their own, whichever of them come to be."""
    keys = {purpose: SEALER.derive(purpose) for purpose in Purpose}
    assert len(set(keys.values())) == len(Purpose)
    assert all(one.value != other.value for one, other in combinations(Purpose, 2))
    assert all(purpose.value.startswith("visavis/") for purpose in Purpose)


@pytest.mark.parametrize("purpose", Purpose, ids=lambda purpose: purpose.name)
def test_what_is_sealed_for_one_purpose_opens_for_no_other(purpose: Purpose) -> None:
    sealed = SEALER.seal(purpose, "row", b"text")
    assert SEALER.open(purpose, "row", sealed) == b"text"
    for other in set(Purpose) - {purpose}:
        with pytest.raises(SealBrokenError):
            SEALER.open(other, "row", sealed)


def test_the_services_own_webhooks_satisfy_the_client() -> None:
    body = body_of("VerificationCompleted", SESSION, ID, NOW)
    rotating = [whsec(b"the newest key of them all"), whsec(SECRET.encode())]
    headers = headers_for("msg_1", body, rotating, NOW)
    for secret in rotating:
        event = verify_webhook(headers, body.encode(), secrets=secret, now=NOW)
        assert (event["event"], event["verificationSessionId"]) == ("VerificationCompleted", SESSION)


def test_a_link_that_carries_a_whole_result_is_still_no_result() -> None:
    parameters = dict(parse_query(RESULT.replace("shop=7&", "")))
    nonce = parameters.pop("reNonce")
    link = VerificationLink("https://verify.example", ID, SECRET).sign(nonce=nonce, now=NOW, **parameters)
    assert not is_result(*link.partition("?")[2].rsplit("&reSignature=", 1))
