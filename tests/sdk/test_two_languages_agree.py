"""Ten thousand links, made by hypothesis, are signed and verified alike by Python and JavaScript."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visavis_client import ResultRefused, VerificationLink, _join, _sign, verify_result

from app.signing.request_link import parse_request
from tests.sdk.published_vectors import ID, NONCE, NOW, SECRET
from tests.sdk.test_python_vectors import WORD_OF
from tests.sdk.toolchains import SDK
from tests.unit.test_sdk_python import keyring

LINKS, LINKS_AT_ONCE = 10_000, 20
LINK = VerificationLink("https://verify.example", ID, SECRET)
URL_CHARACTERS = "".join(map(chr, range(0x21, 0x7F)))

# Any text that a URL can carry, and often those that careless encoders treat alike.
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, max_size=6) | st.sampled_from(
    ["", " ", "+", "%", "%41", "&", "=", "é", "e\u0301", "😀", "\ufeff", "~"]
)
names = st.one_of(
    texts.map(lambda text: f"x{text}"),
    st.sampled_from(["\uff5e", "\ue000", "😀", "", "re", "reX", "a-", "a!"]),
)


@dataclass(frozen=True)
class Asked:
    """What one link carries, and one character of it that somebody changes on the way."""

    external_id: str | None
    pairs: list[tuple[str, str]]
    position: float
    character: str


links = st.builds(
    Asked,
    external_id=st.none() | st.text(letters, min_size=1, max_size=6),
    pairs=st.lists(st.tuples(names, texts), max_size=4, unique_by=lambda pair: pair[0]),
    position=st.floats(0, 1, exclude_max=True),
    character=st.sampled_from(URL_CHARACTERS),
)


@dataclass
class Node:
    """One node process that answers line by line."""

    process: "subprocess.Popen[str]"

    def ask(self, **question: Any) -> dict[str, list[Any]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer: dict[str, list[Any]] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    command = ["node", str(SDK / "javascript" / "test" / "answers.js")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Node(process)
        assert process.stdin is not None
        process.stdin.close()


def sign_in_python(asked: Asked) -> str:
    return LINK.sign(external_id=asked.external_id, nonce=NONCE, now=NOW, **dict(asked.pairs))


def question_of(asked: Asked) -> dict[str, Any]:
    where = {"baseUrl": LINK.base_url, "verificationId": ID, "secret": SECRET}
    return where | {"externalId": asked.external_id, "nonce": NONCE, "now": NOW, "parameters": asked.pairs}


def result_query(asked: Asked) -> str:
    pairs = [*asked.pairs, ("reNonce", NONCE), ("reIssuedAt", str(NOW))]
    return _join([*pairs, ("reSignature", _sign(SECRET, "result", ID, pairs))])


def tampered(query: str, asked: Asked) -> str:
    at = int(asked.position * len(query))
    return query[:at] + asked.character + query[at + 1 :]


def verify_in_python(query: str) -> list[list[str]] | str:
    try:
        result = verify_result(
            query.encode(), verification_id=ID, secrets=SECRET, expected_nonce=NONCE, now=NOW
        )
    except ResultRefused as refused:
        return WORD_OF[type(refused)]
    return [list(pair) for pair in result.parameters]


def is_opened(url: str) -> bool:
    query = url.partition("?")[2]
    return parse_request(
        ID, query, keyring(SECRET), force_signed=True, schemes=("hmac-sha256",), now=NOW
    ).signed


@settings(
    max_examples=LINKS // LINKS_AT_ONCE,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(batch=st.lists(links, min_size=LINKS_AT_ONCE, max_size=LINKS_AT_ONCE))
def test_ten_thousand_links_are_signed_and_verified_alike(node: Node, batch: list[Asked]) -> None:
    urls = [sign_in_python(asked) for asked in batch]
    queries = [result_query(asked) for asked in batch]
    queries += [tampered(query, asked) for query, asked in zip(queries, batch, strict=True)]
    check = {"verificationId": ID, "secrets": SECRET, "expectedNonce": NONCE, "now": NOW}
    answer = node.ask(
        links=[question_of(asked) for asked in batch], results=[check | {"query": query} for query in queries]
    )
    assert answer["links"] == urls
    assert all(is_opened(url) for url in urls)
    assert answer["results"] == [verify_in_python(query) for query in queries]
    assert all(isinstance(result, list) for result in answer["results"][: len(batch)])


@pytest.mark.parametrize(
    "text", [chr(0xD800), chr(0xDFFF), f"a{chr(0xD83D)}b", chr(0xDC00) + chr(0xD800)], ids=ascii
)
def test_half_a_surrogate_pair_is_refused_by_both(node: Node, text: str) -> None:
    for asked in (
        Asked(text, [], 0, ""),
        Asked(None, [("a", text)], 0, ""),
        Asked(None, [(text, "a")], 0, ""),
    ):
        with pytest.raises(ValueError, match="surrogates"):
            sign_in_python(asked)
        assert node.ask(links=[question_of(asked)], results=[])["links"] == ["URIError"]
