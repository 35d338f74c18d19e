"""The way back: nothing of the target is lost, nothing in it speaks for the service."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InputError, NotFoundError
from app.signing.canonical import SignedKind, canonical_query, message, parse_query
from app.signing.keyring import Keyring, SigningSecret
from app.signing.redirect_urls import check_redirect_url
from app.signing.result_link import sign_result

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
KEYS = Keyring((SigningSecret("k1", "a secret of the project", datetime(2026, 1, 1, tzinfo=UTC)),))
TARGET = "https://shop.example/done"
PASSED = [("reVerificationResult", "passed")]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
custom_pairs = st.lists(st.tuples(texts.map(lambda text: f"x{text}"), texts), max_size=6)


def query_of(url: str) -> str:
    return url.partition("#")[0].partition("?")[2]


def signer_of(query: str, purpose: SignedKind = SignedKind.RESULT) -> str | None:
    pairs = parse_query(query)
    return KEYS.verify(message(purpose, ID, canonical_query(pairs)), dict(pairs)["reSignature"])


def test_the_result_is_appended_with_its_signature_last() -> None:
    url = sign_result(TARGET, [*PASSED, ("plan", "a b&c")], ID, KEYS)
    head, signature = url.split("&reSignature=")
    assert head == f"{TARGET}?reVerificationResult=passed&plan=a%20b%26c"
    assert len(signature) == 64
    assert signer_of(query_of(url)) == "k1"


def test_parameters_of_the_target_survive_as_written_and_are_signed() -> None:
    url = sign_result(f"{TARGET}?shop=7&q=a+b%2fc&flag", PASSED, ID, KEYS)
    assert url.startswith(f"{TARGET}?shop=7&q=a+b%2fc&flag&reVerificationResult=passed&reSignature=")
    assert signer_of(query_of(url)) == "k1"
    assert signer_of(query_of(url).replace("shop=7", "shop=8")) is None


def test_the_fragment_stays_at_the_end_and_is_not_signed() -> None:
    url = sign_result(f"{TARGET}?a=1#/tab?x=1", PASSED, ID, KEYS)
    assert url.endswith("#/tab?x=1")
    assert signer_of(query_of(url)) == "k1"


@pytest.mark.parametrize("smuggled", ["reVerificationResult=passed", "r%65Nonce=", "reSignature=x", "reX"])
def test_reserved_names_in_the_target_are_dropped(smuggled: str) -> None:
    url = sign_result(f"{TARGET}?a=1&{smuggled}&b=2", [("reVerificationResult", "failed")], ID, KEYS)
    assert url.startswith(f"{TARGET}?a=1&b=2&reVerificationResult=failed&reSignature=")


def test_a_result_signature_is_no_request_signature() -> None:
    assert signer_of(query_of(sign_result(TARGET, PASSED, ID, KEYS)), SignedKind.REQUEST) is None


def test_a_reserved_name_is_never_sent_twice() -> None:
    with pytest.raises(InputError, match="reVerificationResult"):
        sign_result(TARGET, [*PASSED, ("reVerificationResult", "failed")], ID, KEYS)


def test_a_signature_among_the_parameters_is_refused() -> None:
    with pytest.raises(InputError, match="reSignature"):
        sign_result(TARGET, [("reSignature", "x")], ID, KEYS)


@pytest.mark.parametrize("tail", ["?a=%zz", "?a=%ff", "?é=1", "\r\nSet-Cookie:x", "#\n", " x"])
def test_a_target_that_cannot_be_read_is_refused(tail: str) -> None:
    with pytest.raises(InputError, match="targetUrl"):
        sign_result(TARGET + tail, PASSED, ID, KEYS)


def test_a_result_needs_the_id_of_a_verification() -> None:
    with pytest.raises(NotFoundError):
        sign_result(TARGET, PASSED, "no-id", KEYS)


@settings(max_examples=100, deadline=None, database=None)
@given(custom_pairs)
def test_every_parameter_arrives_as_sent_in_a_well_formed_url(pairs: list[tuple[str, str]]) -> None:
    url = sign_result(f"{TARGET}?kept=1", pairs, ID, KEYS)
    assert parse_query(query_of(url))[:-1] == [("kept", "1"), *pairs]
    assert signer_of(query_of(url)) == "k1"
    assert url.isascii()
    with pytest.raises(InputError, match="must not hold reSignature"):
        check_redirect_url("url", url)  # well-formed, and yet no target for another result
