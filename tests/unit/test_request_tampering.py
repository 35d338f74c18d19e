"""Whatever is done to a signed link, it says exactly the same or it is refused."""

from datetime import UTC, datetime
from urllib.parse import quote_plus

from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import VisavisError
from app.signing.canonical import join_pairs, parse_query
from app.signing.keyring import Keyring, SigningSecret
from app.signing.request_link import VerificationRequest, parse_request, request_signature
from app.signing.schemes import DEFAULT_SCHEMES, SCHEMES

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
NOW = 1_900_000_000
KEYS = Keyring((SigningSecret("k1", "a secret of the project", datetime(2026, 1, 1, tzinfo=UTC)),))
URL_CHARACTERS = "".join(map(chr, range(0x21, 0x7F)))

quick = settings(max_examples=200, deadline=None, database=None)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
custom = st.lists(st.tuples(texts.map(lambda text: f"x{text}"), texts), max_size=4)


@st.composite
def links(draw: st.DrawFn) -> str:
    known = {"reExternalId": "user-17", "reExpiration": str(NOW), "reNonce": "0123456789abcdef" * 2}
    query = join_pairs([*known.items(), *draw(custom)])
    return f"{query}&reSignature={request_signature(ID, query, KEYS)}"


def read(link: str | bytes) -> VerificationRequest | None:
    """Return the request, or None when it is refused by one of our own errors."""
    try:
        return parse_request(ID, link, KEYS, force_signed=True, schemes=DEFAULT_SCHEMES, now=NOW)
    except VisavisError:
        return None


def assert_same_or_refused(changed: str, original: str) -> None:
    if read(changed) is not None:
        assert read(changed) == read(original)
        assert sorted(parse_query(changed)) == sorted(parse_query(original))


@quick
@given(links(), st.data())
def test_changing_one_character_changes_nothing_or_is_refused(link: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(link) - 1))
    character = data.draw(st.sampled_from(URL_CHARACTERS))
    assert_same_or_refused(link[:position] + character + link[position + 1 :], link)


@quick
@given(links(), st.data())
def test_dropping_or_inserting_one_character_changes_nothing_or_is_refused(
    link: str, data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(link) - 1))
    assert_same_or_refused(link[:position] + link[position + 1 :], link)
    inserted = data.draw(st.sampled_from(URL_CHARACTERS))
    assert_same_or_refused(link[:position] + inserted + link[position:], link)


@quick
@given(links(), st.data())
def test_dropping_or_repeating_a_parameter_is_refused(link: str, data: st.DataObject) -> None:
    segments = link.split("&")
    position = data.draw(st.integers(0, len(segments) - 1))
    assert read("&".join(segments[:position] + segments[position + 1 :])) is None
    assert read("&".join([*segments, segments[position]])) is None


@quick
@given(links(), custom.filter(bool))
def test_adding_a_parameter_is_refused(link: str, added: list[tuple[str, str]]) -> None:
    assert read(f"{link}&{join_pairs(added)}") is None


@quick
@given(links(), st.data())
def test_reordering_and_encoding_anew_changes_nothing(link: str, data: st.DataObject) -> None:
    pairs = data.draw(st.permutations(parse_query(link)))
    request = read("&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs))
    original = read(link)
    assert request is not None
    assert original is not None
    assert request.fingerprint == original.fingerprint
    assert sorted(request.custom) == sorted(original.custom)


@quick
@given(links(), st.data())
def test_swapping_two_values_is_refused(link: str, data: st.DataObject) -> None:
    pairs = parse_query(link)
    one, other = data.draw(st.tuples(*[st.integers(0, len(pairs) - 1)] * 2))
    swapped = list(pairs)
    swapped[one] = (pairs[one][0], pairs[other][1])
    swapped[other] = (pairs[other][0], pairs[one][1])
    assert (read(join_pairs(swapped)) is not None) == (sorted(swapped) == sorted(pairs))


@quick
@given(
    st.text(max_size=40),
    st.binary(max_size=80) | st.text(max_size=80) | st.text("reSignatureNonceExpiration&=%0+aF", max_size=80),
    st.booleans(),
)
def test_parsing_anything_raises_nothing_but_our_own_errors(
    verification_id: str, raw: bytes | str, force_signed: bool
) -> None:
    for candidate in (verification_id, ID):
        try:
            request = parse_request(
                candidate, raw, KEYS, force_signed=force_signed, schemes=tuple(SCHEMES), now=NOW
            )
        except VisavisError:
            continue
        assert request.signed is False
