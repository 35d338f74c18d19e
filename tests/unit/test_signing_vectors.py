"""The published vectors are right: a second, independent reading of the signature rules agrees.

To regenerate the file after adding a case to CASES: `python tests/unit/test_signing_vectors.py`.
It needs nothing but Python; read the difference before committing it, as every client relies on it.
"""

import hashlib
import hmac
import json
from pathlib import Path

import pytest

VECTORS = Path(__file__).parents[2] / "sdk" / "vectors" / "signatures.json"

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
OTHER_ID = "00000000-0000-4000-8000-000000000001"
SECRET = "vvs_example-secret-of-at-least-sixteen-characters"
UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
RESULT = (
    "reVerificationSessionId=9b2f6c1e-58d4-4b0a-8f4e-2d1c7a3b5e60"
    "&reVerificationId=3f2504e0-4f89-41d3-9a0c-0305e82c3301&reVerificationResult=passed"
)

# name, kind, verification id, secret, query as it stands in the URL
CASES = [
    ("no parameters", "request", ID, SECRET, ""),
    ("plain", "request", ID, SECRET, "reExternalId=user-17&reExpiration=1900000000"),
    ("another verification", "request", OTHER_ID, SECRET, "reExternalId=user-17&reExpiration=1900000000"),
    ("another purpose", "result", ID, SECRET, "reExternalId=user-17&reExpiration=1900000000"),
    ("another secret", "request", ID, "another secret, with spaces", "reExternalId=user-17"),
    ("secret beyond ASCII", "request", ID, "Schlüssel-鍵-🔑-schlüssel", "reExternalId=user-17"),
    ("everything", "request", ID, SECRET, "reExternalId=user-17&reExpiration=1900000000&reLocale=pt-BR"
     "&reNonce=00112233445566778899aabbccddeeff&reCorrelationId=c%2F1&reDisableAgeVerifier=true&plan=pro"),
    ("order does not matter", "request", ID, SECRET, "reExpiration=1900000000&reExternalId=user-17"),
    ("empty value", "request", ID, SECRET, "empty=&reExternalId=user-17"),
    ("name without equals sign", "request", ID, SECRET, "empty&reExternalId=user-17"),
    ("empty name", "request", ID, SECRET, "=value&reExternalId=user-17"),
    ("empty segments", "request", ID, SECRET, "&&reExternalId=user-17&&a=1&"),
    ("equals sign in value", "request", ID, SECRET, "token=YWJj=ZA=="),
    ("space as plus", "request", ID, SECRET, "name=Ada+Lovelace"),
    ("space as escape", "request", ID, SECRET, "name=Ada%20Lovelace"),
    ("plus as escape", "request", ID, SECRET, "sum=1%2B1"),
    ("UTF-8", "request", ID, SECRET, "name=Zo%C3%AB+M%C3%BCller&stadt=%E6%9D%B1%E4%BA%AC"),
    ("UTF-8, not normalised", "request", ID, SECRET, "composed=%C3%A9&decomposed=e%CC%81"),
    ("emoji", "request", ID, SECRET, "mood=%F0%9F%98%80%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80"),
    ("repeated names", "request", ID, SECRET, "tag=b&tag=a&tag=b&tag="),
    ("escaped slash", "request", ID, SECRET, "path=a%2Fb"),
    ("bare slash", "request", ID, SECRET, "path=a/b"),
    ("lower-case hex", "request", ID, SECRET, "path=a%2fb%c3%a9"),
    ("needless escapes", "request", ID, SECRET, "%70ath=%61%2D%7E%5F%2E"),
    ("bare punctuation", "request", ID, SECRET, "p=!$'()*,:;@?[]"),
    ("escape of an escape", "request", ID, SECRET, "p=%2525&q=%2541"),
    ("control characters", "request", ID, SECRET, "text=line%0Abreak%0D%0A%09tab"),
    ("case of names", "request", ID, SECRET, "Plan=x&plan=x&PLAN=x"),
    ("case of values", "request", ID, SECRET, "reExternalId=User-17"),
    ("4 KB value", "request", ID, SECRET, "blob=" + "0123456789abcdef" * 256),
    ("reserved sorts by bytes", "request", ID, SECRET, "reExternalId=a&reLocale=de&red=1&re=2&reX=3&rE=4"),
    ("names sort before encoding", "request", ID, SECRET, "a~=1&a%C3%A9=2&a%20=3&aZ=4"),
    ("names sort apart from values", "request", ID, SECRET, "a-=1&a=2&a%21=3&a.=4&a=-"),
    ("beyond the basic plane sorts last", "request", ID, SECRET, "%F0%9F%98%80=1&%EF%BD%9E=2&%EE%80%80=3"),
    ("result", "result", ID, SECRET, f"{RESULT}&reLivenessResult=passed&reFaceRecognitionResult=passed"
     "&reNonce=00112233445566778899aabbccddeeff&reIssuedAt=1900000000"),
    ("failed result", "result", ID, SECRET, RESULT.replace("passed", "failed")
     + "&reLivenessResult=failed&reFailedReason=liveness_failed&reIssuedAt=1900000000"),
    ("result with parameters of the target", "result", ID, SECRET, f"shop=7&lang=pt+BR&{RESULT}"
     "&reIssuedAt=1900000000&plan=pro"),
    ("result code", "result", ID, SECRET,
     "reVerificationSessionId=9b2f6c1e-58d4-4b0a-8f4e-2d1c7a3b5e60&reResultCode=q1w2e3r4t5y6"),
]  # fmt: skip


def unescape(text: str) -> bytes:
    head, *escapes = text.replace("+", " ").split("%")
    return head.encode() + b"".join(bytes.fromhex(part[:2]) + part[2:].encode() for part in escapes)


def escape(raw: bytes) -> str:
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in raw)


def canonical_of(query: str) -> str:
    pairs = [segment.partition("=")[::2] for segment in query.split("&") if segment]
    ordered = sorted((unescape(name), unescape(value)) for name, value in pairs)
    return "&".join(escape(name) + "=" + escape(value) for name, value in ordered)


def vector(name: str, kind: str, verification_id: str, secret: str, query: str) -> dict[str, str]:
    canonical = canonical_of(query)
    text = "\n".join([f"visavis-{kind}-v1", verification_id, canonical])
    return {
        "name": name,
        "kind": kind,
        "verificationId": verification_id,
        "secret": secret,
        "query": query,
        "canonical": canonical,
        "signature": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest(),
    }


def published() -> list[dict[str, str]]:
    loaded: list[dict[str, str]] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return loaded


def test_the_published_file_is_what_an_independent_reading_computes() -> None:
    assert published() == [vector(*case) for case in CASES]


@pytest.mark.parametrize("case", [vector(*case) for case in CASES], ids=lambda case: case["name"])
def test_the_service_agrees_with_each_vector(case: dict[str, str]) -> None:
    from app.signing.canonical import SignedKind, canonical_query, message, parse_query, sign, verify

    canonical = canonical_query(parse_query(case["query"]))
    signed = message(SignedKind(case["kind"]), case["verificationId"], canonical)
    assert canonical == case["canonical"]
    assert sign(case["secret"], signed) == case["signature"]
    assert verify(case["secret"], signed, case["signature"])


def test_vectors_that_ask_the_same_share_a_signature_and_no_others_do() -> None:
    by_signature: dict[str, set[tuple[str, ...]]] = {}
    for case in published():
        asked = (case["kind"], case["verificationId"], case["secret"], case["canonical"])
        by_signature.setdefault(case["signature"], set()).add(asked)
    assert all(len(asked) == 1 for asked in by_signature.values())
    assert len(by_signature) < len(CASES)  # some cases say the same in another spelling


if __name__ == "__main__":
    text = json.dumps([vector(*case) for case in CASES], ensure_ascii=False, indent=2)
    VECTORS.write_text(text + "\n", encoding="utf-8")
