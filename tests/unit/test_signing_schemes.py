"""The table of schemes: the default one, and the one of the system that is replaced."""

import hashlib
from datetime import UTC, datetime

import pytest

from app.errors import InputError, SignatureRefusedError
from app.signing.canonical import parse_query
from app.signing.keyring import Keyring, SigningSecret
from app.signing.request_link import request_signature
from app.signing.schemes import SCHEMES, SignatureMatch, match_signature

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
OTHER_ID = "00000000-0000-4000-8000-000000000001"
KEYS = Keyring((SigningSecret("k1", "your-secret-api-key", datetime(2026, 1, 1, tzinfo=UTC)),))
VERIFEYE = ("verifeye-sha256",)

# Canonical text and digest, computed from the published algorithm with this key.
VERIFEYE_VECTORS = [
    (
        "age=25&gender=male&userid=user123",
        "dd915e836a19306b6edbfda10dbc533b40488eb7778a5a5661245a7160e373ac",
    ),
    (
        "reExpiration=1747852345&reExternalId=user-123&reNonce=bf5c7f4e8a794e41a58e08dfd634f816",
        "7616d6cee4c51bd2e15c5ddff67895592d9059d3650cba29de085ca546291217",
    ),
]


def match(signature: str, query: str, schemes: tuple[str, ...]) -> SignatureMatch:
    return match_signature(signature, ID, parse_query(query), KEYS, schemes)


def verifeye_digest(canonical: str) -> str:
    return hashlib.sha256(f"?{canonical}your-secret-api-key".encode()).hexdigest()


@pytest.mark.parametrize(("query", "signature"), VERIFEYE_VECTORS)
def test_verifeye_vectors_verify_when_the_scheme_is_listed(query: str, signature: str) -> None:
    assert match(signature, query, VERIFEYE) == SignatureMatch("k1", "verifeye-sha256")
    assert match(signature, query, ("hmac-sha256", *VERIFEYE)).scheme == "verifeye-sha256"


@pytest.mark.parametrize(("query", "signature"), VERIFEYE_VECTORS)
def test_verifeye_signatures_are_refused_by_default(query: str, signature: str) -> None:
    with pytest.raises(SignatureRefusedError):
        match(signature, query, ("hmac-sha256",))


@pytest.mark.parametrize("canonical", ["name=ada%20lovelace", "name=ada+lovelace"])
def test_both_published_encodings_of_verifeye_are_accepted(canonical: str) -> None:
    assert match(verifeye_digest(canonical), "Name=Ada%20Lovelace", VERIFEYE).key_id == "k1"


def test_verifeye_sorts_lower_case_names_then_values_and_leaves_dotnet_characters_bare() -> None:
    signature = verifeye_digest("a=(1)&a=2:*&b=caf%C3%A9!")
    assert match(signature, "B=Caf%C3%89!&A=2:*&a=(1)", VERIFEYE).key_id == "k1"


def test_a_verifeye_signature_of_other_values_is_refused() -> None:
    query, signature = VERIFEYE_VECTORS[0]
    with pytest.raises(SignatureRefusedError):
        match(signature, query.replace("25", "26"), VERIFEYE)


def test_our_own_signature_is_refused_where_only_verifeye_is_listed() -> None:
    with pytest.raises(SignatureRefusedError):
        match(request_signature(ID, "a=1", KEYS), "a=1", VERIFEYE)


def test_our_own_signature_is_bound_to_the_verification() -> None:
    with pytest.raises(SignatureRefusedError):
        match(request_signature(OTHER_ID, "a=1", KEYS), "a=1", tuple(SCHEMES))


def test_without_any_scheme_nothing_verifies() -> None:
    with pytest.raises(SignatureRefusedError):
        match(request_signature(ID, "a=1", KEYS), "a=1", ())


def test_a_scheme_that_does_not_exist_is_an_error_and_no_open_door() -> None:
    with pytest.raises(InputError, match="signatureSchemes"):
        match("", "a=1", ("none",))
