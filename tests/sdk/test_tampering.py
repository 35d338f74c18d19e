"""Everything that can be done to a link or a result on its way, each by its name."""

from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
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
from webtest import TestApp

from app.errors import InputError, LinkGoneError, SignatureRefusedError, VisavisError
from app.signing.canonical import parse_query
from app.signing.request_link import VerificationRequest, parse_request
from app.signing.schemes import DEFAULT_SCHEMES
from tests.functional.visit import Visit
from tests.sdk.published_vectors import GOOD, ID, NEXT_SECRET, NONCE, NOW, RESULT, SECRET, signed
from tests.service import FakeClock, RelyingSite
from tests.unit.test_sdk_python import keyring
from tests.unit.test_signing_vectors import OTHER_ID

SIGNER = VerificationLink("https://verify.example", ID, SECRET)
LINK = SIGNER.sign(
    external_id="user-17", nonce=NONCE, now=NOW, reDisableAgeVerifier=True, tag=["b", "a"], plan="é +%/"
).partition("?")[2]  # fmt: skip


def open_link(
    query: str | bytes, verification_id: str = ID, secret: str = SECRET, now: int = NOW
) -> VerificationRequest:
    return parse_request(
        verification_id, query, keyring(secret), force_signed=True, schemes=DEFAULT_SCHEMES, now=now
    )


def check(
    query: str | bytes, verification_id: str = ID, secret: str = SECRET, **changes: object
) -> VerifiedResult:
    usual = {"secrets": secret, "expected_nonce": NONCE, "now": NOW}
    return verify_result(query, verification_id=verification_id, **usual | changes)  # type: ignore[arg-type]


def is_refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except (VisavisError, ResultRefused):
        return True
    return False


def flipped(query: str) -> list[bytes]:
    raw = query.encode("ascii")
    return [
        raw[:at] + bytes([raw[at] ^ (1 << bit)]) + raw[at + 1 :] for at in range(len(raw)) for bit in range(8)
    ]


def says_the_same(query: bytes, original: str) -> bool:
    """True when only the spelling differs, such as `%2f` for `%2F`: that is no change of what is said."""
    try:
        return sorted(parse_query(query)) == sorted(parse_query(original))
    except VisavisError:
        return False


def test_the_links_and_results_of_these_tests_are_good() -> None:
    assert open_link(LINK).external_id == "user-17"
    assert check(GOOD).passed


def test_a_flipped_bit_anywhere_in_a_link_is_refused() -> None:
    changed = [query for query in flipped(LINK) if not says_the_same(query, LINK)]
    assert len(changed) > 8 * len(LINK) * 0.9
    assert [query for query in changed if not is_refused(lambda query=query: open_link(query))] == []  # type: ignore[misc]


def test_a_flipped_bit_anywhere_in_a_result_is_refused() -> None:
    changed = [query for query in flipped(GOOD) if not says_the_same(query, GOOD)]
    assert len(changed) > 8 * len(GOOD) * 0.9
    assert [query for query in changed if not is_refused(lambda query=query: check(query))] == []  # type: ignore[misc]


def test_reordered_parameters_say_the_same() -> None:
    assert open_link("&".join(reversed(LINK.split("&")))).fingerprint == open_link(LINK).fingerprint
    assert sorted(check("&".join(reversed(GOOD.split("&")))).parameters) == sorted(check(GOOD).parameters)


@pytest.mark.parametrize("at", range(len(LINK.split("&"))))
def test_a_dropped_parameter_of_a_link_is_refused(at: int) -> None:
    segments = LINK.split("&")
    with pytest.raises(SignatureRefusedError):
        open_link("&".join(segments[:at] + segments[at + 1 :]))


@pytest.mark.parametrize("at", range(len(GOOD.split("&"))))
def test_a_dropped_parameter_of_a_result_is_refused(at: int) -> None:
    segments = GOOD.split("&")
    with pytest.raises(BadSignature):
        check("&".join(segments[:at] + segments[at + 1 :]))


@pytest.mark.parametrize("segment", LINK.split("&"))
def test_a_doubled_parameter_of_a_link_is_refused(segment: str) -> None:
    with pytest.raises((SignatureRefusedError, InputError)):
        open_link(f"{LINK}&{segment}")


@pytest.mark.parametrize("segment", GOOD.split("&"))
def test_a_doubled_parameter_of_a_result_is_refused(segment: str) -> None:
    with pytest.raises(BadSignature):
        check(f"{GOOD}&{segment}")


def every_byte_escaped(query: str) -> str:
    def escape(text: str) -> str:
        return "".join(f"%{byte:02x}" for byte in text.encode())

    return "&".join(f"{escape(name)}={escape(value)}" for name, value in parse_query(query))


def form_encoded(query: str) -> str:
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in parse_query(query))


@pytest.mark.parametrize("encode", [every_byte_escaped, form_encoded])
def test_re_encoded_parameters_say_the_same(encode: Callable[[str], str]) -> None:
    assert open_link(encode(LINK)).fingerprint == open_link(LINK).fingerprint
    assert check(encode(GOOD)).parameters == check(GOOD).parameters


def test_a_parameter_encoded_twice_is_another_one_and_refused() -> None:
    with pytest.raises(SignatureRefusedError):
        open_link(LINK.replace("%", "%25"))
    with pytest.raises(BadSignature):
        check(signed(f"{RESULT}&p=a%2Fb").replace("%2F", "%252F"))


def test_another_verification_id_is_refused() -> None:
    with pytest.raises(SignatureRefusedError):
        open_link(LINK, verification_id=OTHER_ID)
    with pytest.raises(WrongVerification):
        check(GOOD, verification_id=OTHER_ID)
    with pytest.raises(BadSignature):
        check(GOOD.replace(ID, OTHER_ID), verification_id=OTHER_ID)


def test_another_projects_key_is_refused() -> None:
    with pytest.raises(SignatureRefusedError):
        open_link(LINK, secret=NEXT_SECRET)
    with pytest.raises(BadSignature):
        check(GOOD, secret=NEXT_SECRET)


def test_an_expired_link_and_a_stale_result_are_refused() -> None:
    assert open_link(LINK, now=NOW + 600).signed
    with pytest.raises(LinkGoneError):
        open_link(LINK, now=NOW + 601)
    assert check(GOOD, now=NOW + 300).passed
    with pytest.raises(StaleResult):
        check(GOOD, now=NOW + 301)


def test_a_prolonged_expiration_is_refused() -> None:
    with pytest.raises(SignatureRefusedError):
        open_link(LINK.replace(str(NOW + 600), str(NOW + 6000)), now=NOW + 601)


def test_a_reused_nonce_of_a_link_is_refused(site: RelyingSite, browser: TestApp, clock: FakeClock) -> None:
    verification = site.publish()
    link = site.link(verification, nonce=NONCE)
    Visit.open(browser, clock, link).consent(accepted=False)
    assert browser.get(link, status=410)
    assert browser.get(site.link(verification, nonce=NONCE, reLocale="de"), status=410)


def test_a_reused_nonce_of_a_result_is_refused() -> None:
    session = {"nonce": NONCE}
    assert check(GOOD, expected_nonce=session.pop("nonce", "")).passed
    with pytest.raises(NonceMismatch):
        check(GOOD, expected_nonce=session.pop("nonce", ""))
