"""The Python client against the published refusals and webhooks, and what it redeems."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from visavis_backend import RedeemRefused, WebhookRefused, redeem_result_code, verify_webhook
from visavis_client import (
    BadSignature,
    NonceMismatch,
    ResultRefused,
    StaleResult,
    VerificationLink,
    VerifiedResult,
    WrongVerification,
    verify_result,
)

from tests.sdk.published_vectors import CODE, ID, KEY, SECRET, SESSION, refusals, signed, webhooks, whsec

WORD_OF = {
    BadSignature: "bad_signature",
    WrongVerification: "wrong_verification",
    StaleResult: "stale",
    NonceMismatch: "nonce_mismatch",
}
RESULTS = [case for case in refusals() if case["kind"] == "result"]
LINKS = [case for case in refusals() if case["kind"] == "link"]


def name_of(case: dict[str, Any]) -> str:
    return str(case["name"])


def outcome_of_result(case: dict[str, Any]) -> str:
    try:
        verify_result(
            case["query"].encode(),
            verification_id=case["verificationId"],
            secrets=case["secrets"],
            expected_nonce=case["expectedNonce"],
            max_age=case["maxAge"],
            now=case["now"],
        )
    except ResultRefused as refused:
        return WORD_OF[type(refused)]
    return "accepted"


@pytest.mark.parametrize("case", RESULTS, ids=name_of)
def test_a_result_is_taken_or_refused_as_published(case: dict[str, Any]) -> None:
    assert outcome_of_result(case) == case["outcome"], case["why"]


def grouped(pairs: list[list[str]]) -> dict[str, str | list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in given.items()}


@pytest.mark.parametrize("case", LINKS, ids=name_of)
def test_a_link_is_made_or_refused_as_published(case: dict[str, Any]) -> None:
    def make() -> str:
        link = VerificationLink(case["baseUrl"], case["verificationId"], case["secret"])
        nonce = False if case["nonce"] is None else case["nonce"]
        parameters: Any = grouped(case["parameters"])
        validity = {"expires_in": case["expiresIn"], "nonce": nonce, "now": case["now"]}
        return link.sign(external_id=case["externalId"], **validity, **parameters)

    if case["outcome"] == "accepted":
        assert make() == case["url"]
    else:
        with pytest.raises(ValueError, match=": "):
            make()


@pytest.mark.parametrize("case", webhooks(), ids=name_of)
def test_a_webhook_is_taken_or_refused_as_published(case: dict[str, Any]) -> None:
    given = {"secrets": case["secrets"], "tolerance": case["tolerance"], "now": case["now"]}
    try:
        outcome = "accepted" if verify_webhook(case["headers"], case["body"].encode(), **given) else ""
    except WebhookRefused as refused:
        outcome = refused.reason
    assert outcome == case["outcome"], case["why"]


@pytest.mark.parametrize("secrets", [[], "", "whsec_", "whsec_%", whsec(KEY)[6:]])
def test_a_webhook_secret_that_is_none_is_said_to_be(secrets: Any) -> None:
    with pytest.raises(ValueError, match="secrets"):
        verify_webhook({}, b"", secrets=secrets)


@pytest.mark.parametrize("proof", [None, object(), True])
def test_nobody_but_verify_result_makes_a_result(proof: object) -> None:
    with pytest.raises(TypeError, match="verify_result alone"):
        VerifiedResult((("reVerificationResult", "passed"),), proof)


# Redeeming


class Service(BaseHTTPRequestHandler):
    """Answers whatever a test wrote down."""

    status: ClassVar[int] = 200
    answer: ClassVar[bytes] = b""
    asked: ClassVar[dict[str, Any]] = {}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Service.asked = {"path": self.path, "key": self.headers["Authorization"], "body": json.loads(body)}
        self.send_response(Service.status)
        self.send_header("Location", "https://evil.example/")
        self.end_headers()
        self.wfile.write(Service.answer)

    def log_message(self, *_: object) -> None:
        """Leave the output to the tests."""


@pytest.fixture
def address() -> Iterator[str]:
    Service.status, Service.answer = (
        200,
        json.dumps({"verificationSessionId": SESSION, "nonce": "a"}).encode(),
    )
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def code() -> VerifiedResult:
    return verify_result(signed(CODE), verification_id=ID, secrets=SECRET, max_age=None)


def test_a_code_is_redeemed_with_the_api_key(address: str, code: VerifiedResult) -> None:
    answer = redeem_result_code(address, "key-1", code, expected_nonce="a")
    assert answer["verificationSessionId"] == SESSION
    assert Service.asked == {
        "path": "/v1/verification/redeem-result-code",
        "key": "ApiKey key-1",
        "body": {"verificationSessionId": SESSION, "resultCode": "q1w2e3r4t5y6"},
    }


@pytest.mark.parametrize("nonce", ["b", ""])
def test_the_redeemed_answer_to_another_link_is_refused(
    address: str, code: VerifiedResult, nonce: str
) -> None:
    with pytest.raises(RedeemRefused, match="another link"):
        redeem_result_code(address, "key-1", code, expected_nonce=nonce)


@pytest.mark.parametrize("status", [302, 307, 401, 410, 500])
def test_a_refusal_keeps_its_status_and_a_redirect_is_not_followed(
    address: str, code: VerifiedResult, status: int
) -> None:
    Service.status = status
    with pytest.raises(RedeemRefused) as refused:
        redeem_result_code(address, "key-1", code)
    assert refused.value.status == status


@pytest.mark.parametrize("answer", [b"", b"[]", b"null", b"{", b"\xff", b'{"verificationSessionId": "x"}'])
def test_an_answer_that_is_not_about_this_session_is_refused(
    address: str, code: VerifiedResult, answer: bytes
) -> None:
    Service.answer = answer
    with pytest.raises(RedeemRefused):
        redeem_result_code(address, "key-1", code)


@pytest.mark.parametrize("base_url", ["http://verify.example", "http://localhost.evil.example", "ftp://a"])
def test_an_api_key_travels_over_https_only(code: VerifiedResult, base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        redeem_result_code(base_url, "key-1", code)


def test_an_api_key_is_one_line(code: VerifiedResult) -> None:
    with pytest.raises(ValueError, match="api_key"):
        redeem_result_code("https://a.example", "key\r\nX: y", code)


def test_a_result_without_a_code_is_not_redeemed() -> None:
    query = signed(f"reVerificationSessionId={SESSION}&reVerificationResult=passed")
    result = verify_result(query, verification_id=ID, secrets=SECRET, max_age=None)
    with pytest.raises(ValueError, match="no result code"):
        redeem_result_code("https://a.example", "key-1", result)
