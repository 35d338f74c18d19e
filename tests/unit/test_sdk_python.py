"""The Python client: its links open, its checks refuse, its vectors agree with the published ones."""

import ast
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, request
from hypothesis import given, settings
from hypothesis import strategies as st

from app.signing.keyring import Keyring, SigningSecret
from app.signing.request_link import VerificationRequest, parse_request
from app.signing.result_link import sign_result
from app.signing.schemes import DEFAULT_SCHEMES

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "sdk" / "python" / "visavis_client.py"
sys.path.insert(0, str(CLIENT.parent))

import visavis_client  # noqa: E402 - it is not installed with the service
from visavis_client import (  # noqa: E402
    BadSignature,
    NonceMismatch,
    ResultRefused,
    StaleResult,
    VerificationLink,
    VerifiedResult,
    WrongVerification,
    verify_result,
)

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
OTHER_ID = "00000000-0000-4000-8000-000000000001"
NOW = 1_900_000_000
SECRET = "the signing secret of the project"
NEXT_SECRET = "the secret that comes after it"
NONCE = "00112233445566778899aabbccddeeff"
TARGET = "https://shop.example/done?shop=7"
LINK = VerificationLink("https://verify.example/", ID, SECRET)
RESULT = {
    "reVerificationSessionId": "9b2f6c1e-58d4-4b0a-8f4e-2d1c7a3b5e60",
    "reVerificationId": ID,
    "reVerificationResult": "passed",
    "reNonce": NONCE,
    "reIssuedAt": str(NOW),
}
VECTORS = json.loads((ROOT / "sdk" / "vectors" / "signatures.json").read_text(encoding="utf-8"))


def keyring(secret: str = SECRET) -> Keyring:
    return Keyring((SigningSecret("k1", secret, datetime(2026, 1, 1, tzinfo=UTC)),))


def opened(url: str, now: int = NOW) -> VerificationRequest:
    return parse_request(
        ID, urlsplit(url).query, keyring(), force_signed=True, schemes=DEFAULT_SCHEMES, now=now
    )


def result_url(
    changes: dict[str, str | None] | None = None, secret: str = SECRET, signed_for: str = ID
) -> str:
    given = RESULT | (changes or {})
    pairs = [(name, value) for name, value in given.items() if value is not None]
    return sign_result(TARGET, [*pairs, ("plan", "pro")], signed_for, keyring(secret))


def check(url: str, **arguments: object) -> VerifiedResult:
    defaults = {"verification_id": ID, "secrets": [SECRET], "expected_nonce": NONCE, "now": NOW}
    return verify_result(url, **(defaults | arguments))  # type: ignore[arg-type]


# Links


def test_a_signed_link_opens_and_asks_what_was_meant() -> None:
    url = LINK.sign(
        external_id="user 17/é", now=NOW, reDisableAgeVerifier=True, reLocale="de", plan=["a", "b"], n=3
    )
    request = opened(url)
    assert url.startswith(f"https://verify.example/verification/{ID}?reExternalId=user%2017%2F%C3%A9&")
    assert (request.external_id, request.locale) == ("user 17/é", "de")
    assert request.overrides == {"reDisableAgeVerifier": "true"}
    assert request.custom == (("plan", "a"), ("plan", "b"), ("n", "3"))


def test_a_link_expires_in_ten_minutes_and_works_once_unless_told_otherwise() -> None:
    request = opened(LINK.sign(now=NOW))
    assert request.expiration == NOW + 600
    assert re.fullmatch(r"[0-9a-f]{32}", request.nonce or "")
    assert request.nonce != opened(LINK.sign(now=NOW)).nonce


def test_the_clock_is_read_when_no_time_is_given() -> None:
    expiration = int(parse_qs(urlsplit(LINK.sign(expires_in=60)).query)["reExpiration"][0])
    assert opened(LINK.sign(expires_in=60), now=expiration - 60).expiration is not None


def test_expiration_and_nonce_can_be_chosen_or_left_out() -> None:
    assert opened(LINK.sign(nonce=NONCE, now=NOW, expires_in=5)).nonce == NONCE
    bare = opened(LINK.sign(expires_in=None, nonce=False))
    assert (bare.expiration, bare.nonce) == (None, None)


def test_parameters_that_are_none_are_left_out() -> None:
    assert opened(LINK.sign(now=NOW, reLocale=None)).locale is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"expires_in": None}, "nonce"),
        ({"nonce": "short"}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 257}, "external_id"),
        ({"reNonce": NONCE}, "reNonce"),
        ({"reSignature": "x"}, "reSignature"),
        ({"reExpiration": 1}, "reExpiration"),
        ({"reLocale": ["de", "fr"]}, "reLocale"),
        ({"plan": "x" * 8192}, "parameters"),
    ],
)
def test_what_the_service_would_refuse_is_refused_at_once(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        LINK.sign(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify.example", ID, SECRET),
        ("https://a.example", ID.upper(), SECRET),
        ("https://a.example", ID, ""),
    ],
)
def test_a_link_maker_that_cannot_work_is_refused(arguments: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match=r"^(base_url|verification_id|secret): "):
        VerificationLink(*arguments)


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(LINK)


# Results


def test_a_good_result_is_read() -> None:
    result = check(
        result_url({"reAge": "31", "reGender": "female", "reFaceId": "ab", "reExternalId": "user-17"})
    )
    assert result.passed
    assert result.session_id == RESULT["reVerificationSessionId"]
    assert (result.age, result.gender, result.face_id) == (31, "female", "ab")
    assert (result.external_id, result.failed_reason, result.correlation_id) == ("user-17", None, None)
    assert result.custom == (("shop", "7"), ("plan", "pro"))
    assert result.get("reSignature") is None


def test_a_failed_result_tells_why() -> None:
    result = check(result_url({"reVerificationResult": "failed", "reFailedReason": "underage"}))
    assert (result.passed, result.failed_reason) == (False, "underage")


@pytest.mark.parametrize("outcome", [None, "Passed", "true", ""])
def test_only_the_word_passed_is_a_pass(outcome: str | None) -> None:
    assert not check(result_url({"reVerificationResult": outcome})).passed


def test_url_query_and_question_mark_are_read_alike() -> None:
    query = urlsplit(result_url()).query
    assert check(query) == check(f"?{query}") == check(f"/done?{query}") == check(f"{result_url()}#top")


def test_the_url_that_flask_shows_is_read_although_it_is_partly_decoded() -> None:
    url = sign_result(TARGET, [*RESULT.items(), ("name", "Zoë +/%25 😀 a&b=c#d")], ID, keyring())
    with Flask(__name__).test_request_context(url):
        assert "😀" in request.url
        assert check(request.url) == check(url)


def test_while_rotating_both_secrets_verify() -> None:
    assert check(result_url(secret=NEXT_SECRET), secrets=(SECRET, NEXT_SECRET)).passed
    assert check(result_url(), secrets=SECRET).passed


@pytest.mark.parametrize("secrets", [[], "", [""], [SECRET, ""]])
def test_without_a_secret_nothing_is_checked_by_mistake(secrets: object) -> None:
    with pytest.raises(ValueError, match="secrets"):
        check(result_url(), secrets=secrets)


def self_signed(secret: str, pairs: list[tuple[str, str]]) -> str:
    signature = visavis_client._sign(secret, "result", ID, pairs)
    return visavis_client._join([*pairs, ("reSignature", signature)])


def test_one_secret_given_as_text_is_not_taken_letter_by_letter() -> None:
    with pytest.raises(BadSignature):
        check(self_signed(SECRET[0], list(RESULT.items())), secrets=SECRET)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda url: url.replace("=passed", "=failed"),
        lambda url: url.replace("shop=7", "shop=8"),
        lambda url: url.replace("shop=7&", ""),
        lambda url: f"{url}&extra=1",
        lambda url: f"{url}0",
        lambda url: url.partition("&reSignature")[0],
        lambda url: url.partition("?")[0],
        lambda url: url.replace("reVerificationResult", "reverificationResult"),
        lambda url: f"{url}&reNonce={NONCE}",
        lambda url: f"{url}&{url.rpartition('&')[2]}",
        lambda url: f"{url}&x=%zz",
        lambda url: f"{url}&x=%ff",
        lambda url: f"{url}&x=é",
        lambda url: "",
    ],
)
def test_a_tampered_result_is_refused(tamper) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    with pytest.raises(BadSignature):
        check(tamper(result_url()))


def test_a_link_cannot_be_passed_off_as_a_result() -> None:
    with pytest.raises(BadSignature):
        check(LINK.sign(nonce=NONCE, now=NOW, reVerificationResult="passed", reIssuedAt=NOW))


def test_a_repeated_reserved_name_is_refused_even_when_signed() -> None:
    assert check(self_signed(SECRET, list(RESULT.items()))).passed
    with pytest.raises(BadSignature, match="more than once"):
        check(self_signed(SECRET, [*RESULT.items(), ("reVerificationResult", "failed")]))


def test_the_result_of_another_verification_is_refused() -> None:
    other = result_url({"reVerificationId": OTHER_ID}, signed_for=OTHER_ID)
    with pytest.raises(WrongVerification):
        check(other)


@pytest.mark.parametrize("claimed", [ID, None])
def test_a_result_signed_for_another_verification_is_refused(claimed: str | None) -> None:
    with pytest.raises(BadSignature):
        check(result_url({"reVerificationId": claimed}, signed_for=OTHER_ID))


@pytest.mark.parametrize("age", [301, -61])
def test_a_result_from_long_ago_or_from_the_future_is_refused(age: int) -> None:
    assert check(result_url(), now=NOW + (300 if age > 0 else -60)).passed
    with pytest.raises(StaleResult):
        check(result_url(), now=NOW + age)


@pytest.mark.parametrize("issued_at", [None, "", "now", "-1", "9" * 5000])
def test_a_result_without_a_time_is_refused_unless_that_is_accepted(issued_at: str | None) -> None:
    url = result_url({"reIssuedAt": issued_at})
    with pytest.raises(StaleResult):
        check(url)
    assert check(url, max_age=None).passed


@pytest.mark.parametrize(
    ("sent", "expected"), [("f" * 32, NONCE), (None, NONCE), (NONCE, ""), (None, ""), ("", "")]
)
def test_the_answer_to_another_link_is_refused(sent: str | None, expected: str) -> None:
    with pytest.raises(NonceMismatch):
        check(result_url({"reNonce": sent}), expected_nonce=expected)


def test_the_nonce_is_not_compared_when_none_is_expected() -> None:
    assert check(result_url(), expected_nonce=None).passed


def test_a_delivered_code_is_read_but_never_a_pass() -> None:
    pairs = [("reVerificationSessionId", RESULT["reVerificationSessionId"]), ("reResultCode", "q1w2e3")]
    result = check(sign_result(TARGET, pairs, ID, keyring()), expected_nonce=None, max_age=None)
    assert (result.result_code, result.passed) == ("q1w2e3", False)


def test_every_refusal_is_a_refused_result() -> None:
    assert {BadSignature, NonceMismatch, StaleResult, WrongVerification} == set(
        ResultRefused.__subclasses__()
    )


@settings(max_examples=150, deadline=None, database=None)
@given(st.text(max_size=60) | st.text("reSignature&=%?#/+aF0é\ud800", max_size=60))
def test_checking_anything_raises_nothing_but_a_refusal(text: str) -> None:
    with pytest.raises(ResultRefused):
        check(text)


# The file itself


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_client_agrees_with_each_published_vector(vector: dict[str, str]) -> None:
    pairs = visavis_client._parse(vector["query"])
    assert visavis_client._join(sorted(pairs)) == vector["canonical"]
    signature = visavis_client._sign(vector["secret"], vector["kind"], vector["verificationId"], pairs)
    assert signature == vector["signature"]


def test_the_client_is_one_file_of_the_standard_library_for_python_3_10() -> None:
    tree = ast.parse(CLIENT.read_text(encoding="utf-8"), feature_version=(3, 10))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {str(name).partition(".")[0] for name in imported} <= sys.stdlib_module_names
