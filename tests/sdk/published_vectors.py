"""What every client must accept and refuse, computed by an independent reading of the contract.

`python -m tests.sdk.published_vectors` writes `sdk/vectors/refusals.json` and `webhooks.json` anew;
read the difference before committing it, as the clients of all languages rely on these files.
"""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from tests.unit.test_signing_vectors import ID, OTHER_ID, SECRET, vector

VECTORS = Path(__file__).parents[2] / "sdk" / "vectors"
NOW = 1_900_000_000
NONCE = "00112233445566778899aabbccddeeff"
NEXT_SECRET = "vvs_the-secret-that-comes-after-the-example"
SESSION = "9b2f6c1e-58d4-4b0a-8f4e-2d1c7a3b5e60"
RESULT = (
    f"shop=7&reVerificationSessionId={SESSION}&reVerificationId={ID}&reVerificationResult=passed"
    f"&reNonce={NONCE}&reIssuedAt={NOW}&plan=a+b"
)
CODE = f"reVerificationSessionId={SESSION}&reResultCode=q1w2e3r4t5y6"

Case = dict[str, Any]


def signed(query: str, kind: str = "result", verification_id: str = ID, secret: str = SECRET) -> str:
    """Return the query with the signature that its sender would add."""
    signature = vector("", kind, verification_id, secret, query)["signature"]
    return f"{query}&reSignature={signature}"


def result_case(name: str, why: str, outcome: str, query: str, **changes: Any) -> Case:
    usual = {"verificationId": ID, "secrets": [SECRET], "expectedNonce": NONCE, "maxAge": 300, "now": NOW}
    return (
        {"kind": "result", "name": name, "why": why, "outcome": outcome} | usual | changes | {"query": query}
    )


GOOD = signed(RESULT)
SIGNATURE = GOOD.rpartition("=")[2]

ACCEPTED_RESULTS = [
    ("as it comes", "nothing was changed", GOOD, {}),
    ("a whole URL", "the query is what stands between ? and #", f"https://shop.example/done?{GOOD}#top", {}),
    ("a path", "some servers show no more of the address", f"/done?{GOOD}", {}),
    ("in another order", "the order of parameters says nothing", "&".join(reversed(GOOD.split("&"))), {}),
    ("in another encoding", "%70 is p and %20 is +", GOOD.replace("plan=a+b", "%70lan=%61%20b"), {}),
    ("empty segments", "nothing between two & says nothing", f"&&{GOOD}&", {}),
    ("as old as allowed", "the limit belongs to what is allowed", GOOD, {"now": NOW + 300}),
    ("from a clock a minute ahead", "clocks differ", GOOD, {"now": NOW - 60}),
    (
        "the secret before the newest",
        "two secrets are live while rotating",
        GOOD,
        {"secrets": [NEXT_SECRET, SECRET]},
    ),
    ("no nonce expected", "the site asked for no check", GOOD, {"expectedNonce": None}),
    ("no age limit", "the site asked for no check", GOOD, {"now": NOW + 10**7, "maxAge": None}),
    ("a code", "it carries neither nonce nor time", signed(CODE), {"expectedNonce": None, "maxAge": None}),
    ("letters beyond ASCII, escaped", "UTF-8 in escapes", signed(f"{RESULT}&name=Zo%C3%AB+%F0%9F%98%80"), {}),
    ("a byte order mark in a value", "it is a character like others", signed(f"{RESULT}&x=%EF%BB%BFa"), {}),
    (
        "unsigned letter case of a name that is not ours",
        "resignature is no signature",
        signed(f"{RESULT}&resignature=x"),
        {},
    ),
]

FORGED = [
    ("nothing", "no signature", ""),
    ("no signature", "it was cut off", RESULT),
    ("an empty signature", "nothing signs nothing", f"{RESULT}&reSignature="),
    (
        "another result",
        "failed was made passed",
        signed(RESULT.replace("passed", "failed")).replace("=failed", "=passed"),
    ),
    (
        "a changed parameter of the site",
        "the target's own query is signed too",
        GOOD.replace("shop=7", "shop=8"),
    ),
    ("a dropped parameter", "what is missing is missed", GOOD.replace("&plan=a+b", "")),
    ("an added parameter", "what is added was not signed", f"{GOOD}&extra=1"),
    ("a parameter twice", "what is doubled was signed once", f"{GOOD}&plan=a+b"),
    (
        "a reserved name twice",
        "two readers could believe different ones",
        f"{GOOD}&reVerificationResult=passed",
    ),
    (
        "a reserved name twice, and signed",
        "refused although the signature is right",
        signed(f"{RESULT}&reVerificationResult=failed"),
    ),
    (
        "a reserved name twice, one escaped",
        "names are compared after decoding",
        signed(f"{RESULT}&r%65VerificationResult=failed"),
    ),
    ("the signature twice", "it is a reserved name", f"{GOOD}&reSignature={SIGNATURE}"),
    ("a flipped bit in the signature", "one digit differs", GOOD[:-1] + format(int(GOOD[-1], 16) ^ 1, "x")),
    ("a signature in upper case", "it has one spelling", f"{RESULT}&reSignature={SIGNATURE.upper()}"),
    ("a signature cut short", "it has 64 digits", GOOD[:-1]),
    ("a signature with one digit more", "it has 64 digits", f"{GOOD}0"),
    (
        "a name in another case",
        "the case of names is signed",
        GOOD.replace("reVerificationResult", "reVerificationresult"),
    ),
    (
        "a swapped pair of values",
        "each value is signed under its name",
        GOOD.replace("shop=7", "shop=a+b").replace("plan=a+b", "plan=7"),
    ),
    ("a decoded plus", "%2B is a plus, + is a space", signed(f"{RESULT}&sum=1%2B1").replace("1%2B1", "1+1")),
    ("another project's secret", "the key is the project's", signed(RESULT, secret=NEXT_SECRET)),
    ("a request", "a link is no result", signed(RESULT, kind="request")),
    (
        "signed for another verification, but naming this one",
        "the signature is bound to the id",
        signed(RESULT, verification_id=OTHER_ID),
    ),
    (
        "signed for another verification, naming none",
        "the signature is bound to the id",
        signed(CODE, verification_id=OTHER_ID),
    ),
    ("half an escape", "% needs two hexadecimal digits", f"{GOOD}&x=%4"),
    ("an escape that is none", "% needs two hexadecimal digits", f"{GOOD}&x=%zz"),
    ("an escape of UTF-16", "%u0041 is not of this encoding", f"{GOOD}&x=%u0041"),
    ("a lone %", "% needs two hexadecimal digits", f"{GOOD}&x=%"),
    ("a broken escape before the signature", "refused wherever it stands", f"x=%G0&{GOOD}"),
    ("a lone surrogate", "half a pair is no character", f"{GOOD}&x=%ED%A0%80"),
    ("a surrogate pair in UTF-8", "CESU-8 is not UTF-8", f"{GOOD}&x=%ED%A0%BD%ED%B8%80"),
    ("an overlong slash", "each character has one encoding", f"{GOOD}&x=%C0%AF"),
    ("a cut sequence", "a character is missing its end", f"{GOOD}&x=%C3"),
    ("a continuation byte", "a character is missing its beginning", f"{GOOD}&x=%80"),
    ("beyond the last character", "U+110000 does not exist", f"{GOOD}&x=%F4%90%80%80"),
    ("Latin-1", "not UTF-8", f"{GOOD}&x=%E9"),
    ("a raw space", "no URL holds one", f"{GOOD}&x=a b"),
    ("a raw line feed", "no URL holds one", f"{GOOD}\n"),
    ("a raw NUL", "no URL holds one", f"{GOOD}\x00"),
    ("a raw letter beyond ASCII", "no URL on the wire holds one", f"{GOOD}&x=\u00e9"),
]

OTHER_REFUSALS = [
    (
        "the result of another verification",
        "rightly signed, about something else",
        "wrong_verification",
        signed(RESULT.replace(ID, OTHER_ID), verification_id=OTHER_ID),
        {},
    ),
    ("a second too old", "older than the limit", "stale", GOOD, {"now": NOW + 301}),
    ("from the future", "more than a minute ahead", "stale", GOOD, {"now": NOW - 61}),
    ("without a time", "it cannot be fresh", "stale", signed(RESULT.replace(f"&reIssuedAt={NOW}", "")), {}),
    ("an empty time", "not a number", "stale", signed(RESULT.replace(f"={NOW}", "=")), {}),
    ("a time with a sign", "not plain digits", "stale", signed(RESULT.replace(f"={NOW}", f"=%2B{NOW}")), {}),
    (
        "a time with a fraction",
        "not plain digits",
        "stale",
        signed(RESULT.replace(f"={NOW}", f"={NOW}.5")),
        {},
    ),
    (
        "a time with a line feed",
        "not plain digits",
        "stale",
        signed(RESULT.replace(f"={NOW}", f"={NOW}%0A")),
        {},
    ),
    (
        "a time in other digits",
        "not plain digits",
        "stale",
        signed(RESULT.replace(f"={NOW}", "=%D9%A1%D9%A9%D9%A0%D9%A0")),
        {},
    ),
    (
        "a time beyond all calendars",
        "too many digits",
        "stale",
        signed(RESULT.replace(f"={NOW}", "=" + "9" * 40)),
        {},
    ),
    ("another nonce", "the answer to another link", "nonce_mismatch", GOOD, {"expectedNonce": "f" * 32}),
    (
        "a nonce in another case",
        "compared character by character",
        "nonce_mismatch",
        GOOD,
        {"expectedNonce": NONCE.upper()},
    ),
    (
        "a nonce used before",
        "the site took it out of the visitor's session",
        "nonce_mismatch",
        GOOD,
        {"expectedNonce": ""},
    ),
    (
        "no nonce in the result",
        "the answer to no link of this visitor",
        "nonce_mismatch",
        signed(RESULT.replace(f"&reNonce={NONCE}", "")),
        {},
    ),
    (
        "no nonce on either side",
        "nothing matches nothing",
        "nonce_mismatch",
        signed(RESULT.replace(f"&reNonce={NONCE}", "")),
        {"expectedNonce": ""},
    ),
]


def link_case(name: str, why: str, url: str | None = None, **arguments: Any) -> Case:
    usual = {"externalId": None, "expiresIn": 600, "nonce": NONCE, "parameters": []}
    given = usual | arguments
    fixed = {"baseUrl": "https://verify.example", "verificationId": ID, "secret": SECRET, "now": NOW}
    case = {"kind": "link", "name": name, "why": why, "outcome": "accepted" if url else "refused"}
    return case | fixed | given | ({"url": url} if url else {})


def link_url(query: str) -> str:
    return f"https://verify.example/verification/{ID}?{signed(query, kind='request')}"


TAIL = f"reExpiration={NOW + 600}&reNonce={NONCE}"
LINKS = [
    link_case(
        "plain",
        "expiration and nonce are added last",
        link_url(f"reExternalId=user-17&{TAIL}"),
        externalId="user-17",
    ),
    link_case(
        "characters that need escapes",
        "only the unreserved stay bare",
        link_url(f"reExternalId=user%2017%2F%C3%A9%F0%9F%98%80%2B~&{TAIL}"),
        externalId="user 17/\u00e9\U0001f600+~",
    ),
    link_case(
        "booleans, numbers and repeated names",
        "true, 3, and one pair for each",
        link_url(f"reDisableAgeVerifier=true&reLocale=de&n=3&tag=b&tag=a&tag=&{TAIL}"),
        parameters=[
            ["reDisableAgeVerifier", "true"],
            ["reLocale", "de"],
            ["n", "3"],
            ["tag", "b"],
            ["tag", "a"],
            ["tag", ""],
        ],
    ),
    link_case(
        "for ever",
        "neither expiration nor nonce",
        link_url("reExternalId=user-17"),
        externalId="user-17",
        expiresIn=None,
        nonce=None,
    ),
    link_case(
        "256 characters",
        "characters are counted, not bytes",
        link_url(f"reExternalId={'%F0%9F%98%80' * 256}&{TAIL}"),
        externalId="\U0001f600" * 256,
    ),
    link_case(
        "32 parameters of the site",
        "as many as the service takes",
        link_url("&".join(f"p{i}=" for i in range(32)) + f"&{TAIL}"),
        parameters=[[f"p{i}", ""] for i in range(32)],
    ),
    link_case("an empty external id", "1 to 256 characters", externalId=""),
    link_case("257 characters", "1 to 256 characters", externalId="\u00e9" * 257),
    link_case("NUL in a value", "the service refuses it", parameters=[["a", "x\x00"]]),
    link_case("NUL in a name", "the service refuses it", parameters=[["a\x00", "x"]]),
    link_case("a short nonce", "128 bits are 32 digits", nonce="ab" * 15),
    link_case("a long nonce", "at most 128 digits", nonce="ab" * 65),
    link_case("a nonce that is not hexadecimal", "32 to 128 hexadecimal digits", nonce="g" * 32),
    link_case("a nonce and a line feed", "32 to 128 hexadecimal digits", nonce=f"{NONCE}\n"),
    link_case("an empty nonce", "32 to 128 hexadecimal digits", nonce=""),
    link_case("a nonce without expiration", "the service would have to remember it for ever", expiresIn=None),
    link_case("the external id as a parameter", "it has its own place", parameters=[["reExternalId", "a"]]),
    link_case("the nonce as a parameter", "it has its own place", parameters=[["reNonce", NONCE]]),
    link_case("the expiration as a parameter", "it has its own place", parameters=[["reExpiration", "1"]]),
    link_case("the signature as a parameter", "it is computed", parameters=[["reSignature", "0" * 64]]),
    link_case(
        "a reserved name twice", "the service refuses it", parameters=[["reLocale", "de"], ["reLocale", "fr"]]
    ),
    link_case(
        "33 parameters of the site",
        "one more than the service takes",
        parameters=[[f"p{i}", ""] for i in range(33)],
    ),
    link_case("more than 8 KB", "the service refuses longer links", parameters=[["blob", "x" * 8192]]),
    link_case("an id in upper case", "one spelling", verificationId=ID.upper()),
    link_case("an id and a line feed", "nothing may shift the signed lines", verificationId=f"{ID}\n"),
    link_case("no secret", "an empty key signs for everybody", secret=""),
    link_case("no address", "must begin with https://", baseUrl="verify.example"),
]


def refusals() -> list[Case]:
    """Return every case of `refusals.json`, those to be accepted first."""
    return [
        *(
            result_case(name, why, "accepted", query, **changes)
            for name, why, query, changes in ACCEPTED_RESULTS
        ),
        *(result_case(name, why, "bad_signature", query) for name, why, query in FORGED),
        *(result_case(*case[:4], **case[4]) for case in OTHER_REFUSALS),
        *LINKS,
    ]


KEY, NEXT_KEY = bytes(range(24)), bytes(range(100, 132))
MESSAGE_ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
BODY = json.dumps(
    {"event": "VerificationCompleted", "verificationSessionId": SESSION, "note": "Zo\u00eb"},
    ensure_ascii=False,
)


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def webhook_signature(
    key: bytes, timestamp: str = str(NOW), body: str = BODY, message_id: str = MESSAGE_ID
) -> str:
    message = b".".join([message_id.encode(), timestamp.encode(), body.encode()])
    return "v1," + base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def webhook(name: str, why: str, outcome: str = "accepted", **changes: Any) -> Case:
    usual = {"secrets": [whsec(KEY)], "tolerance": 300, "now": NOW, "body": BODY}
    headers = {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(NOW),
        "webhook-signature": webhook_signature(KEY),
    } | changes.pop("headers", {})
    present = {header: value for header, value in headers.items() if value is not None}
    return {"name": name, "why": why, "outcome": outcome} | usual | changes | {"headers": present}


def signature_of(text: str) -> dict[str, str]:
    return {"headers": {"webhook-signature": text}}


def at(timestamp: str) -> dict[str, Any]:
    return {
        "headers": {"webhook-timestamp": timestamp, "webhook-signature": webhook_signature(KEY, timestamp)}
    }


def of_body(body: str) -> dict[str, Any]:
    return {"body": body} | signature_of(webhook_signature(KEY, body=body))


def of_id(message_id: str) -> dict[str, Any]:
    signature = webhook_signature(KEY, message_id=message_id)
    return {"headers": {"webhook-id": message_id, "webhook-signature": signature}}


RIGHT = webhook_signature(KEY)
DIGEST = RIGHT.removeprefix("v1,")
WRONG = webhook_signature(b"\x00" * 24)


def webhooks() -> list[Case]:
    """Return every case of `webhooks.json`."""
    as_hex = base64.b64decode(DIGEST).hex()
    request_like = hmac.new(KEY, BODY.encode(), hashlib.sha256).digest()
    return [
        webhook("as it comes", "nothing was changed"),
        webhook(
            "several signatures, the right one last",
            "the sender is rotating",
            **signature_of(f"{WRONG} {RIGHT}"),
        ),
        webhook(
            "several signatures, the right one first",
            "the sender is rotating",
            **signature_of(f"{RIGHT} {WRONG}"),
        ),
        webhook(
            "another version beside it",
            "unknown versions are passed over",
            **signature_of(f"v1a,AAAA {RIGHT}"),
        ),
        webhook("two secrets", "the receiver is rotating", secrets=[whsec(NEXT_KEY), whsec(KEY)]),
        webhook("as old as allowed", "the limit belongs to what is allowed", now=NOW + 300),
        webhook("as early as allowed", "clocks differ", now=NOW - 300),
        webhook(
            "header names in another case",
            "HTTP does not tell them apart",
            headers={"webhook-id": None, "Webhook-Id": MESSAGE_ID},
        ),
        webhook(
            "an escaped surrogate pair in the body",
            "JSON may write emoji so",
            **of_body(
                '{"event": "VerificationCompleted", "x": "\\ud83d\\ude00", "n": [1, -2.5e3, true, null, {}]}'
            ),
        ),
        webhook("no id", "nothing to remember it by", "bad_header", headers={"webhook-id": None}),
        webhook("an empty id", "nothing to remember it by", "bad_header", **of_id("")),
        webhook("a full stop in the id", "it separates what is signed", "bad_header", **of_id("msg.1")),
        webhook("a space in the id", "not visible ASCII", "bad_header", **of_id("msg 1")),
        webhook("no timestamp", "it cannot be fresh", "bad_header", headers={"webhook-timestamp": None}),
        webhook("a timestamp with a fraction", "whole seconds", "bad_header", **at(f"{NOW}.5")),
        webhook("a timestamp with a sign", "plain digits", "bad_header", **at(f"+{NOW}")),
        webhook("a timestamp with a space", "plain digits", "bad_header", **at(f" {NOW}")),
        webhook("a timestamp in words", "plain digits", "bad_header", **at("2030-03-17T17:46:40Z")),
        webhook("a timestamp of twenty digits", "beyond all calendars", "bad_header", **at("9" * 20)),
        webhook(
            "no signature", "anybody could have sent it", "bad_signature", headers={"webhook-signature": None}
        ),
        webhook("an empty signature", "nothing signs nothing", "bad_signature", **signature_of("")),
        webhook(
            "a version without a signature", "nothing signs nothing", "bad_signature", **signature_of("v1,")
        ),
        webhook("another key", "the secret is the endpoint's", "bad_signature", **signature_of(WRONG)),
        webhook(
            "another version only",
            "v1a is another algorithm",
            "bad_signature",
            **signature_of(f"v1a,{DIGEST}"),
        ),
        webhook("no version", "every signature names its own", "bad_signature", **signature_of(DIGEST)),
        webhook("hexadecimal", "v1 is Base64", "bad_signature", **signature_of(f"v1,{as_hex}")),
        webhook("without padding", "one spelling", "bad_signature", **signature_of(RIGHT.rstrip("="))),
        webhook(
            "joined with a comma",
            "signatures are separated by a space",
            "bad_signature",
            **signature_of(f"{WRONG},{RIGHT}"),
        ),
        webhook(
            "a changed body", "a letter differs", "bad_signature", body=BODY.replace("Completed", "completed")
        ),
        webhook(
            "a body with a space more",
            "the bytes are signed, not their meaning",
            "bad_signature",
            body=f"{BODY} ",
        ),
        webhook("another id", "the id is signed", "bad_signature", headers={"webhook-id": "msg_other"}),
        webhook(
            "another time", "the time is signed", "bad_signature", headers={"webhook-timestamp": str(NOW + 1)}
        ),
        webhook(
            "the body alone was signed",
            "id and time belong to it",
            "bad_signature",
            **signature_of("v1," + base64.b64encode(request_like).decode()),
        ),
        webhook("a second too old", "a recorded webhook sent again", "stale", now=NOW + 301),
        webhook("a second too early", "more than clocks differ", "stale", now=NOW - 301),
        webhook(
            "a list as body", "an event is an object", "bad_body", **of_body('["VerificationCompleted"]')
        ),
        webhook("no event", "an event has a name", "bad_body", **of_body('{"verificationSessionId": "x"}')),
        webhook("an event that is no text", "an event has a name", "bad_body", **of_body('{"event": 1}')),
        webhook(
            "not JSON", "signed, and yet of no use", "bad_body", **of_body("event=VerificationCompleted")
        ),
        webhook("an empty body", "signed, and yet of no use", "bad_body", **of_body("")),
        webhook("JSON and more", "one document", "bad_body", **of_body('{"event": "x"} {}')),
    ]


FILES = {"refusals.json": refusals, "webhooks.json": webhooks}

if __name__ == "__main__":
    for file, cases in FILES.items():
        text = json.dumps(cases(), indent=2)
        (VECTORS / file).write_text(text + "\n", encoding="utf-8")
