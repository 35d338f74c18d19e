"""One sentence for every way a verification link is read or refused."""

from dataclasses import asdict
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.errors import InputError, LinkGoneError, NotFoundError, SignatureRefusedError, TooLargeError
from app.signing.canonical import canonical_query, parse_query
from app.signing.keyring import Keyring, SigningSecret
from app.signing.parameters import INCLUDE_PARAMETERS
from app.signing.request_link import VerificationRequest, parse_boolean, parse_request, request_signature
from app.signing.schemes import DEFAULT_SCHEMES, SCHEMES

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
OTHER_ID = "00000000-0000-4000-8000-000000000001"
NOW = 1_900_000_000
OLD = SigningSecret("old", "the old secret of the project", datetime(2026, 1, 1, tzinfo=UTC))
NEW = SigningSecret("new", "the new secret of the project", datetime(2026, 6, 1, tzinfo=UTC))
KEYS = Keyring((OLD, NEW))
NONCE = "00112233445566778899aabbccddeeff"


def signed(query: str, keyring: Keyring = KEYS, verification_id: str = ID) -> str:
    return f"{query}&reSignature={request_signature(verification_id, query, keyring)}"


def read(query: str | bytes, *, force_signed: bool = True, now: int = NOW) -> VerificationRequest:
    return parse_request(ID, query, KEYS, force_signed=force_signed, schemes=DEFAULT_SCHEMES, now=now)


def read_unsigned(query: str) -> VerificationRequest:
    return read(query, force_signed=False)


def read_verifeye(query: str) -> VerificationRequest:
    return parse_request(ID, query, KEYS, force_signed=True, schemes=("verifeye-sha256",), now=NOW)


def verifeye_signed(query: str) -> str:
    signature = SCHEMES["verifeye-sha256"].expected(NEW.value, ID, parse_query(query))[0]
    return f"{query}&reSignature={signature}"


def test_everything_a_link_can_ask_is_read() -> None:
    request = read(
        signed(
            f"reExternalId=user+17&reExpiration={NOW}&reNonce={NONCE}&reCorrelationId=c%2F1&reLocale=pt-BR"
            "&reDisableAgeVerifier=TRUE&reIncludeAge=maybe&rePassedUrl=https%3A%2F%2Fa.example%2F"
            "&reFailedUrl=nonsense&plan=pro&plan=&reFuture=1"
        )
    )
    assert asdict(request) == {
        "verification_id": ID,
        "external_id": "user 17",
        "expiration": NOW,
        "nonce": NONCE,
        "correlation_id": "c/1",
        "locale": "pt-BR",
        "overrides": {"reDisableAgeVerifier": "TRUE", "reIncludeAge": "maybe"},
        "passed_url": "https://a.example/",
        "failed_url": "nonsense",
        "custom": (("plan", "pro"), ("plan", "")),
        "unknown_reserved": ("reFuture",),
        "signed": True,
        "key_id": "new",
        "scheme": "hmac-sha256",
        "fingerprint": request.fingerprint,
    }


def test_a_link_that_asks_nothing_is_read_where_signatures_are_not_forced() -> None:
    request = read_unsigned("")
    assert (request.signed, request.key_id, request.scheme) == (False, None, None)
    assert (request.external_id, request.nonce, request.expiration, request.custom) == (None, None, None, ())


def test_a_link_made_with_the_older_secret_still_opens() -> None:
    assert read(signed("a=1", Keyring((OLD,)))).key_id == "old"


# Signature


def test_a_missing_signature_is_refused_where_it_is_forced() -> None:
    with pytest.raises(SignatureRefusedError):
        read("reExternalId=user-17")


@pytest.mark.parametrize("force_signed", [True, False])
@pytest.mark.parametrize("signature", ["", "0" * 64, "x"])
def test_a_wrong_signature_is_always_refused(signature: str, force_signed: bool) -> None:
    with pytest.raises(SignatureRefusedError):
        read(f"reExternalId=user-17&reSignature={signature}", force_signed=force_signed)


def test_a_link_to_another_verification_is_refused() -> None:
    with pytest.raises(SignatureRefusedError):
        read(signed("a=1", verification_id=OTHER_ID))


def test_a_link_signed_with_a_retired_secret_is_refused() -> None:
    retired = SigningSecret("gone", "a secret of long ago", datetime(2025, 1, 1, tzinfo=UTC))
    with pytest.raises(SignatureRefusedError):
        read(signed("a=1", Keyring((retired,))))


def test_a_refused_signature_says_nothing_about_the_expected_one() -> None:
    with pytest.raises(SignatureRefusedError) as refused:
        read("a=1&reSignature=0")
    assert str(refused.value) == "wrong signature"


@pytest.mark.parametrize(
    "verification_id", ["", "demo", ID.upper(), ID.replace("-", ""), f"{ID}\n", f"{ID}/"]
)
def test_an_id_that_is_no_lower_case_dashed_guid_is_not_found(verification_id: str) -> None:
    with pytest.raises(NotFoundError):
        parse_request(verification_id, "", KEYS, force_signed=True, schemes=DEFAULT_SCHEMES, now=NOW)


# Expiration and nonce


def test_a_link_is_good_through_its_last_second_and_gone_after_it() -> None:
    link = signed(f"reExpiration={NOW}")
    assert read(link, now=NOW).expiration == NOW
    with pytest.raises(LinkGoneError):
        read(link, now=NOW + 1)


@pytest.mark.parametrize(
    "text", ["", "soon", "1.5", "-1", "%2B1", "1e9", "+1", "0x10", "1_0", "%D9%A1", f"{NOW}000", "9" * 5000]
)
def test_an_expiration_that_is_no_whole_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="reExpiration"):
        read(signed(f"reExpiration={text}"))


@pytest.mark.parametrize("nonce", [NONCE, NONCE.upper(), "a" * 128])
def test_a_nonce_is_kept_as_sent(nonce: str) -> None:
    assert read(signed(f"reExpiration={NOW}&reNonce={nonce}")).nonce == nonce


@pytest.mark.parametrize("nonce", ["", "a" * 31, "a" * 129, "g" * 32, ID, "%20" + "a" * 32, "a" * 32 + "%0A"])
def test_a_nonce_that_is_not_32_to_128_hex_digits_is_refused(nonce: str) -> None:
    with pytest.raises(InputError, match="reNonce"):
        read(signed(f"reExpiration={NOW}&reNonce={nonce}"))


def test_a_nonce_without_expiration_is_refused() -> None:
    with pytest.raises(InputError, match="reNonce: needs reExpiration"):
        read(signed(f"reNonce={NONCE}"))


# Order of refusals


def test_the_signature_is_checked_before_the_expiration() -> None:
    with pytest.raises(SignatureRefusedError):
        read("reExpiration=1&reSignature=0")


def test_the_expiration_is_checked_before_the_contents() -> None:
    with pytest.raises(LinkGoneError):
        read(signed("reExpiration=1&reExternalId="))


# Contents


@pytest.mark.parametrize("length", [1, 256])
def test_an_external_id_may_have_1_to_256_characters(length: int) -> None:
    assert read(signed(urlencode({"reExternalId": "é" * length}))).external_id == "é" * length


@pytest.mark.parametrize("length", [0, 257])
def test_an_empty_or_too_long_external_id_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="reExternalId"):
        read(signed(urlencode({"reExternalId": "é" * length})))


@pytest.mark.parametrize(
    "name", ["reExternalId", "reNonce", "reSignature", "reDisableAgeVerifier", "reFuture"]
)
def test_a_reserved_name_given_twice_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}: is given more than once"):
        read(f"{name}=1&a=1&re%{ord(name[2]):02x}{name[3:]}=1", force_signed=False)


def test_repeating_a_parameter_of_a_signed_link_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="reExternalId"):
        read(signed("reExternalId=user-17") + "&reExternalId=user-18")


@pytest.mark.parametrize(
    "name", ["reexternalid", "REEXTERNALID", "reexternalId", "return", "re", "rE", "r", ""]
)
def test_names_that_do_not_begin_with_re_and_a_capital_are_the_sites_own(name: str) -> None:
    request = read_unsigned(f"{name}=1")
    assert request.custom == ((name, "1"),)
    assert request.unknown_reserved == ()
    assert request.external_id is None


@pytest.mark.parametrize("name", ["reExternalID", "reNONCE", "reX", "reSignatures"])
def test_a_known_name_in_another_case_is_an_unknown_one(name: str) -> None:
    assert read_unsigned(f"{name}=1").unknown_reserved == (name,)


def test_32_parameters_of_the_site_are_read_and_33_refused() -> None:
    assert len(read_unsigned("&".join(["a=1"] * 32)).custom) == 32
    with pytest.raises(TooLargeError, match="at most 32"):
        read_unsigned("&".join(["a=1"] * 33))


@pytest.mark.parametrize("query", ["reExternalId=a%00", "reCorrelationId=%00", "a=%00"])
def test_a_nul_character_is_refused_by_name(query: str) -> None:
    with pytest.raises(InputError, match=query.partition("=")[0]):
        read_unsigned(query)


def test_a_nul_character_in_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="query"):
        read_unsigned("a%00=1")


def test_a_locale_that_is_no_language_is_no_error() -> None:
    assert read_unsigned("reLocale=%F0%9F%98%80").locale == "😀"
    assert read_unsigned("reLocale=" + "x" * 36).locale is None


def test_malformed_overrides_are_left_to_whoever_knows_if_they_count() -> None:
    query = "&".join(f"{name}=perhaps" for name in INCLUDE_PARAMETERS)
    assert set(read_unsigned(query).overrides) == set(INCLUDE_PARAMETERS)


def test_every_switch_of_the_result_can_be_overridden_and_is_named_alike() -> None:
    assert INCLUDE_PARAMETERS["reIncludeAge"] == "includeAge"
    assert INCLUDE_PARAMETERS["reIncludeVerificationSessionId"] == "includeVerificationSessionId"
    assert INCLUDE_PARAMETERS["reIncludeCustomInputParameters"] == "includeCustomInputParameters"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("FALSE", False)])
def test_booleans_are_read_in_any_case(text: str, value: bool) -> None:
    assert parse_boolean("reIncludeAge", text) is value


@pytest.mark.parametrize(
    "text", ["", "1", "0", "yes", "on", " true", "true\n", "truе"]
)  # the last е is Cyrillic
def test_anything_else_is_no_boolean(text: str) -> None:
    with pytest.raises(InputError, match="reIncludeAge: must be true or false"):
        parse_boolean("reIncludeAge", text)


# Fingerprint


def test_the_fingerprint_is_the_same_for_the_same_question_in_another_spelling() -> None:
    link, other = signed("a=1&b=x+y"), signed("b=x%20y&%61=1", Keyring((OLD,)))
    assert read(link).fingerprint == read(other).fingerprint
    assert len(read(link).fingerprint) == 64


def test_the_fingerprint_tells_links_apart_by_contents_signature_and_verification() -> None:
    elsewhere = parse_request(OTHER_ID, "a=1", KEYS, force_signed=False, schemes=DEFAULT_SCHEMES, now=NOW)
    requests = [read_unsigned("a=1"), read_unsigned("a=2"), read_unsigned(signed("a=1")), elsewhere]
    assert len({request.fingerprint for request in requests}) == 4


# Links of the system that is replaced: their signature does not protect upper and lower case


def test_a_verifeye_link_opens_where_its_scheme_is_listed() -> None:
    request = read_verifeye(verifeye_signed(f"reExternalId=user-17&reExpiration={NOW}&reNonce={NONCE}"))
    assert (request.scheme, request.key_id, request.nonce) == ("verifeye-sha256", "new", NONCE)


def test_changing_the_case_of_names_cannot_make_a_verifeye_link_reusable_or_everlasting() -> None:
    link = verifeye_signed(f"reExternalId=user-17&reExpiration={NOW}&reNonce={NONCE}")
    tampered = link.replace("reNonce", "renonce").replace("reExp", "REEXP").replace("reExt", "reext")
    assert read_verifeye(tampered) == read_verifeye(link)


def test_changing_the_case_of_values_cannot_make_another_person_or_nonce() -> None:
    link = verifeye_signed(f"reExternalId=alice&reExpiration={NOW}&reNonce={NONCE}")
    tampered = link.replace("alice", "Alice").replace(NONCE, NONCE.upper())
    assert read_verifeye(tampered) == read_verifeye(link)


def test_repeating_a_name_in_another_case_is_refused_in_a_verifeye_link() -> None:
    with pytest.raises(InputError, match="reExternalId"):
        read_verifeye(verifeye_signed("reExternalId=alice&reexternalid=bob"))


def test_the_signature_to_create_is_the_one_that_opens_the_link() -> None:
    query = "reExternalId=user-17"
    pairs = [*parse_query(query), ("reSignature", request_signature(ID, query, KEYS))]
    assert read(canonical_query(pairs[:1]) + "&reSignature=" + pairs[1][1]).signed


def test_no_signature_is_made_for_a_query_that_would_be_refused() -> None:
    with pytest.raises(InputError, match="reNonce"):
        request_signature(ID, "reNonce=1&reNonce=2", KEYS)
