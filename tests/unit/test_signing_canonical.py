"""Parsing, canonical form and HMAC: what is accepted, what is refused, what counts as the same."""

from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InputError, NotFoundError, TooLargeError, VisavisError
from app.signing.canonical import (
    MAX_LINK_BYTES,
    MAX_PAIRS,
    SignedKind,
    canonical_query,
    join_pairs,
    message,
    parse_query,
    sign,
    verify,
)

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
SECRET = "correct horse battery staple"

# Without lone surrogates, which are no characters and cannot be in a URL.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
pair_lists = st.lists(st.tuples(texts, texts), max_size=8)
# So few that two lists often hold the same pairs, or pairs that only careless joining would confuse.
tricky_texts = st.sampled_from(["", "a", "=", "&", "a=", "%3D"])
tricky_lists = st.lists(st.tuples(tricky_texts, tricky_texts), max_size=2)
quick = settings(max_examples=150, deadline=None, database=None)


def test_plus_is_a_space_and_an_escaped_plus_is_a_plus() -> None:
    assert parse_query("a=1+2&b=1%2B2") == [("a", "1 2"), ("b", "1+2")]


def test_blank_values_names_without_equals_and_repetitions_are_kept() -> None:
    assert parse_query("a=&b&a=1&=v") == [("a", ""), ("b", ""), ("a", "1"), ("", "v")]


def test_empty_segments_say_nothing() -> None:
    assert parse_query("&&a=1&&") == [("a", "1")]


def test_only_the_first_equals_sign_separates() -> None:
    assert parse_query("a=b=c") == [("a", "b=c")]


def test_a_semicolon_does_not_separate() -> None:
    assert parse_query("a=1;b=2") == [("a", "1;b=2")]


@pytest.mark.parametrize("query", ["a=%", "a=%4", "a=%G0", "%zz=1", "a=%u0041", "a=%%41", "a=1%+"])
def test_a_malformed_escape_is_refused(query: str) -> None:
    with pytest.raises(InputError, match=r"query: .*hexadecimal"):
        parse_query(query)


# A lone continuation byte, a cut sequence, an overlong slash, a surrogate, beyond U+10FFFF, Latin-1.
@pytest.mark.parametrize("escape", ["%80", "%C3", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "%FF", "%E9"])
def test_escapes_that_are_not_utf8_are_refused(escape: str) -> None:
    with pytest.raises(InputError, match=r"query: .*UTF-8"):
        parse_query(f"a={escape}")


@pytest.mark.parametrize("raw", ["a=é", b"a=\xc3\xa9", "a=\x00", "a=b c", "a=\n", "a=\x7f", "a=\ud800"])
def test_raw_characters_that_no_url_may_hold_are_refused(raw: str | bytes) -> None:
    with pytest.raises(InputError, match=r"query: .*percent-encode"):
        parse_query(raw)


def test_bytes_and_text_read_alike() -> None:
    assert parse_query(b"a=%C3%A9") == parse_query("a=%C3%A9") == [("a", "é")]


def test_eight_kilobytes_are_read_and_one_byte_more_is_refused() -> None:
    longest = "a=" + "x" * (MAX_LINK_BYTES - 2)
    assert len(parse_query(longest)) == 1
    with pytest.raises(TooLargeError, match="query: at most 8192 bytes"):
        parse_query(longest + "x")


def test_the_number_of_pairs_is_bounded() -> None:
    assert len(parse_query("&".join(["a"] * MAX_PAIRS))) == MAX_PAIRS
    with pytest.raises(TooLargeError, match="query: at most 128 parameters"):
        parse_query("&".join(["a"] * (MAX_PAIRS + 1)))


def test_the_signature_is_left_out_of_what_is_signed() -> None:
    assert canonical_query([("reSignature", "x"), ("b", "2"), ("a", "1")]) == "a=1&b=2"


def test_a_name_that_only_resembles_the_signature_is_signed() -> None:
    assert canonical_query([("resignature", "x")]) == "resignature=x"


def test_only_unreserved_characters_stay_bare_and_hex_is_upper_case() -> None:
    assert canonical_query([("a/b", "-._~ +é")]) == "a%2Fb=-._~%20%2B%C3%A9"


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(InputError, match="surrogate"):
        canonical_query([("a", "\ud800")])


def test_the_message_names_purpose_and_verification() -> None:
    assert message(SignedKind.REQUEST, ID, "a=1") == f"visavis-request-v1\n{ID}\na=1".encode()
    assert message(SignedKind.RESULT, ID, "a=1") == f"visavis-result-v1\n{ID}\na=1".encode()


@pytest.mark.parametrize(
    "bad_id", ["", ID.upper(), f"{ID}\n", f"{ID}\na=1", ID.replace("-", ""), f"{{{ID}}}"]
)
def test_a_message_for_anything_but_a_lower_case_guid_is_refused(bad_id: str) -> None:
    with pytest.raises(NotFoundError):
        message(SignedKind.REQUEST, bad_id, "a=1")


def test_a_signature_is_good_for_its_secret_and_message_alone() -> None:
    signature = sign(SECRET, b"message")
    assert verify(SECRET, b"message", signature)
    assert not verify(SECRET, b"massage", signature)
    assert not verify(SECRET + "x", b"message", signature)


def test_a_signature_has_exactly_one_spelling() -> None:
    good = sign(SECRET, b"message")
    for spelling in (good.upper(), good[:-1], f"{good}0", f" {good}", f"{good}\n", ""):
        assert not verify(SECRET, b"message", spelling)


def test_a_signature_beyond_ascii_is_wrong_rather_than_a_crash() -> None:
    assert not verify(SECRET, b"message", "é\ud800")


@quick
@given(pair_lists)
def test_what_was_joined_is_parsed_back(pairs: list[tuple[str, str]]) -> None:
    assert parse_query(join_pairs(pairs)) == pairs


@quick
@given(pair_lists)
def test_the_canonical_form_is_its_own_canonical_form(pairs: list[tuple[str, str]]) -> None:
    canonical = canonical_query(pairs)
    assert canonical_query(parse_query(canonical)) == canonical


@quick
@given(pair_lists.flatmap(lambda pairs: st.tuples(st.just(pairs), st.permutations(pairs))))
def test_order_does_not_change_the_canonical_form(lists: tuple[list[tuple[str, str]], ...]) -> None:
    assert canonical_query(lists[0]) == canonical_query(lists[1])


@quick
@given(pair_lists, st.sampled_from([quote, quote_plus, lambda text: quote(text, safe="/:?@!")]))
def test_encoding_does_not_change_the_canonical_form(
    pairs: list[tuple[str, str]], encoder: Callable[[str], str]
) -> None:
    written = "&".join(f"{encoder(name)}={encoder(value)}" for name, value in pairs)
    assert canonical_query(parse_query(written)) == canonical_query(pairs)


@quick
@given(tricky_lists, tricky_lists)
def test_two_queries_share_a_canonical_form_only_when_they_hold_the_same_pairs(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    assert (canonical_query(one) == canonical_query(other)) == (sorted(one) == sorted(other))


@quick
@given(st.binary(max_size=60) | st.text(max_size=60) | st.text("%&=+aF0é\ud800\x00", max_size=60))
def test_the_parser_raises_nothing_but_our_own_errors(raw: bytes | str) -> None:
    try:
        pairs = parse_query(raw)
    except VisavisError:
        return
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in pairs)
