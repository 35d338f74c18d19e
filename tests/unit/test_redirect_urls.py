"""Where a browser may be sent, and a long list of ways to be sent elsewhere."""

from datetime import UTC, datetime

import pytest

from app.errors import InputError
from app.signing.canonical import join_pairs
from app.signing.keyring import Keyring, SigningSecret
from app.signing.redirect_urls import check_redirect_url, is_allowed
from app.signing.request_link import VerificationRequest, parse_request, request_signature
from app.signing.schemes import DEFAULT_SCHEMES
from app.verifications.configuration import Configuration, read_configuration
from app.verifications.document import ConfigurationRefusedError
from app.verifications.overrides import apply_overrides

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
KEYS = Keyring((SigningSecret("k1", "a secret of the project", datetime(2026, 1, 1, tzinfo=UTC)),))
ALLOWED = "https://shop.example/done"

GOOD = [
    ALLOWED,
    "https://shop.example",
    "https://shop.example/",
    "https://shop.example:8443/done?step=2&q=a+b%20c&next=/x?y",
    "https://Shop.Example/@user/a;b=c,d!$&'()*+=:~-._",
    "https://shop.example?x=1#/tab?y=2",
    "https://my_host.internal/done",
    "https://xn--bcher-kva.example/",
    "https://192.0.2.7/done",
    "https://[2001:db8::1]:8443/done",
    "https://localhost/done",
    "http://localhost:5001/callback",
    "http://127.0.0.1:5001/callback",
    "http://127.255.255.254/",
    "http://[::1]:5001/callback",
    "http://[0:0:0:0:0:0:0:1]/",
]

NOT_ABSOLUTE = [
    "", " ", "/done", "done", "//evil.example", "///evil.example", "https:", "https:/", "https://",
    "https:///", "https:evil.example", "https:/evil.example", "https:///evil.example",
    "https:\\\\evil.example", "?x", "#x", "://evil.example", "shop.example/done", "https//shop.example",
    "https;//shop.example", "https://?x", "https://#x", "https://:443/",
]  # fmt: skip

OTHER_SCHEMES = [
    "javascript:alert(1)", "javascript://shop.example/%0Aalert(1)", "JaVaScRiPt:alert(1)",
    "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://shop.example/", "ws://shop.example/",
    "blob:https://shop.example/x", "about:blank", "view-source:https://shop.example",
    "intent://shop.example#Intent;end", "HTTPS://shop.example/", "hTTps://shop.example/",
    "httpss://shop.example/", "xhttps://shop.example/", "shop://done", "https+x://shop.example",
]  # fmt: skip

PLAIN_HTTP_ELSEWHERE = [
    "http://shop.example/done", "http://localhost.evil.example/", "http://evil.localhost/",
    "http://localhost./", "http://LOCALHOST.evil.example/", "http://127.0.0.1.evil.example/",
    "http://127.0.0.1.nip.io/", "http://128.0.0.1/", "http://126.255.255.255/", "http://0.0.0.0/",
    "http://10.0.0.1/", "http://169.254.169.254/", "http://[::]/", "http://[::2]/",
    "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/", "http://127.1/", "http://127.0.1/",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
    "http://127.0.0.01/", "http://127.0.0.1./", "http://127.0.0.256/", "http://127.0.0.1.1/",
    "http://localhost_/", "http://localhost,/",
]  # fmt: skip

DISGUISED_HOSTS = [
    "https://shop.example@evil.example/", "https://shop.example:443@evil.example/",
    "https://user:pw@shop.example/", "https://@shop.example/", "https://:@shop.example/",
    "https://shop.example%40evil.example/", "https://shop.example\\@evil.example/",
    "https://shop.example\\.evil.example/", "https://evil.example\\shop.example/",
    "https://shop.example%2F.evil.example/", "https://shop.example%00.evil.example/",
    "https://shop.example%2e/", "https://shop.example#@evil.example/",
    "https://shop.example/#@evil.example", "https://shop.example/##x",
    "https://shop.example;.evil.example/", "https://shop.example,evil.example/",
    "https://shop.example&.evil.example/", "https://shop.example+evil.example/", "https://shop.example*/",
    "https://*.example/", "https://shop.example!/", "https://-shop.example/", "https://shop-.example/",
    "https://shop..example/", "https://.shop.example/", "https://shop.example./",
    "https://sh\u00f6p.example/", "https://shop\u3002example/", "https://shop\uff0eexample/",
    "https://shop.example\u2044evil.example/", "https://shop.example\uff0fevil.example/",
    "https://\u24e2hop.example/", "https://shop.example\u200b/", "https://\u202eelpmaxe.pohs/",
    "https://0x7f.1/", "https://1.2.3/", "https://1/", "https://shop.0x1/", "https://shop.1/",
    "https://256.1.1.1/", "https://01.2.3.4/", "https://[::1/", "https://::1/",
    "https://[::1]evil.example/", "https://[::1%25eth0]/", "https://[v1.x]/", "https://[::1::2]/",
    "https://[1.2.3.4]/", f"https://{'a' * 64}.example/", f"https://{'a.' * 130}example/",
]  # fmt: skip

BAD_PORTS = [
    "https://shop.example:/", "https://shop.example:0/", "https://shop.example:65536/",
    "https://shop.example:99999/", "https://shop.example:0443/", "https://shop.example:-1/",
    "https://shop.example:+443/", "https://shop.example:4 4/", "https://shop.example:443:443/",
    "https://shop.example:https/", "https://shop.example:\u0664\u0664/",
    "https://shop.example:443.evil.example/", "https://shop.example:100000/",
]  # fmt: skip

BAD_CHARACTERS = [
    " https://shop.example/", "https://shop.example/ ", "https://shop.example/\n",
    "https://shop.example/\r\nX: y", "https://shop.example/\t", "ht\ntps://shop.example/",
    "https://sh\top.example/", "https://shop.example/\0", "https://shop.example/\x7f",
    "\x00https://shop.example/", "\ufeffhttps://shop.example/", "https://shop.example/\u00e9",
    "https://shop.example/\u2028", "https://shop.example/\ud800", "https://shop.example/a\\b",
    "https://shop.example/?a\\b", "https://shop.example/<script>", 'https://shop.example/"',
    "https://shop.example/{x}", "https://shop.example/a|b", "https://shop.example/^",
    "https://shop.example/`", "https://shop.example/%", "https://shop.example/%2",
    "https://shop.example/%zz", "https://shop.example/?q=%ff", "https://shop.example/?q=%",
    "https://shop.example/#%g0", "https://shop.example/[x]",
]  # fmt: skip

PATH_TRICKS = [
    "https://shop.example/..", "https://shop.example/a/../b", "https://shop.example/./a",
    "https://shop.example/a/.", "https://shop.example/%2e%2e/a", "https://shop.example/a/%2E./b",
    "https://shop.example/.%2e",
]  # fmt: skip

RESERVED_NAMES = [
    f"{ALLOWED}?reVerificationResult=passed", f"{ALLOWED}?a=1&reSignature=x", f"{ALLOWED}?r%65Nonce=1",
    f"{ALLOWED}?reX",
]  # fmt: skip

BAD = [
    *NOT_ABSOLUTE, *OTHER_SCHEMES, *PLAIN_HTTP_ELSEWHERE, *DISGUISED_HOSTS, *BAD_PORTS, *BAD_CHARACTERS,
    *PATH_TRICKS, *RESERVED_NAMES,
]  # fmt: skip

# Well-formed, and to a careless comparison the same as the one that is allowed.
LOOKALIKES = [
    "https://shop.example/done/", "https://shop.example/done?", "https://shop.example/done#",
    "https://shop.example/Done", "https://Shop.example/done", "https://shop.example:443/done",
    "https://shop.example//done", "https://shop.example/d%6Fne",
    "https://shop.example/done?next=https://evil.example", "https://shop.example/done;x",
    "https://shop.example/don", "https://shop.example/donee", "https://shop.example.evil.example/done",
    "https://evil.example/https://shop.example/done", "https://evil.example?https://shop.example/done",
    "https://evil.example#https://shop.example/done", "https://shopxexample/done",
    "https://a.shop.example/done", "https://hop.example/done", "https://shop.example", "https://", "h",
    "", "https://SHOP.EXAMPLE/done", "https://shop.example/DONE", "https://shop.example/%64one",
    "https://shop.example/done%2F", "https://shop.example/done%00", "https://shop.example/done%0d%0aX:y",
    "https://shop.example/done%23", "https://shop.example/done%3Fx", "https://shop.example/done#@evil",
    "https://shop.example/done#/evil", "https://shop.example:0443/done", "https://shop.example:80/done",
    "https://shop.example:8443/done", "https://shop.example./done", "https://shop.example/done/..",
    "https://shop.example/done/../done", "https://shop.example/./done", "https://shop.example/done;evil",
    "https://shop.example/done@evil.example", "https://shop.example/done&evil", "https://shop.example/done,",
    "https://xn--shop-.example/done", "https://xn--hop-65d.example/done", "https://xn--shp-0na.example/done",
    "https://shop.xn--example-/done", "https://sh0p.example/done", "https://shop-example/done",
    "https://shop.example.com/done", "https://shop.exampl/done", "https://shop.examplee/done",
    "https://shop_example/done", "https://www.shop.example/done", "http://shop.example/done",
    "https://user@shop.example/done", "https://shop.example@evil.example/done",
    "https://shop.example\\done", "https:\\\\shop.example/done", "//shop.example/done", "/done", "done",
    "https://shop.example/done ", " https://shop.example/done", "https://shop.example/done\t",
    "https://shop.example/done\n", "https://shop.example/done\x00", "https://shop.example/done\u200b",
    "https://shop.example/done\u202e", "https://shop\u3002example/done", "https://\uff53hop.example/done",
    "https://sh\u043ep.example/done", "https://shop.example/d\u043ene", "https://shop.example/done\u0301",
    "HTTPS://shop.example/done", "https:/shop.example/done", "https:///shop.example/done",
    "https://[shop.example]/done", "https://shop.example/done?reVerificationResult=passed",
    "https://shop.example/done?%72eVerificationResult=passed",
]  # fmt: skip


def is_accepted(url: str) -> bool:
    try:
        check_redirect_url("passedUrl", url)
    except InputError:
        return False
    return True


@pytest.mark.parametrize("url", GOOD)
def test_a_plain_url_is_accepted(url: str) -> None:
    check_redirect_url("passedUrl", url)


def test_of_all_the_ways_around_none_is_accepted() -> None:
    assert len(set(BAD)) >= 170
    assert [url for url in BAD if is_accepted(url)] == []


@pytest.mark.parametrize("url", [BAD[0], PLAIN_HTTP_ELSEWHERE[0], BAD_PORTS[2], RESERVED_NAMES[0]])
def test_a_refusal_names_the_field_that_held_the_url(url: str) -> None:
    with pytest.raises(InputError, match="failedUrl: "):
        check_redirect_url("failedUrl", url)


def test_whatever_is_put_around_a_good_url_it_is_refused() -> None:
    around = [f"{mark}{ALLOWED}" for mark in "\\\t\n /?#@"] + [f"{ALLOWED}{mark}" for mark in "\\\t\n \0é%<"]
    assert [url for url in around if is_accepted(url)] == []


def test_nothing_but_the_exact_text_is_allowed() -> None:
    assert is_allowed(ALLOWED, ["https://other.example/", ALLOWED])
    assert [url for url in [*BAD, *LOOKALIKES] if is_allowed(url, [ALLOWED])] == []


@pytest.fixture(scope="module")
def open_to_redirects() -> Configuration:
    return read_configuration(
        {
            "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "name": "Face check",
            "verifierConfigs": {"liveness": {"type": "Verification"}},
            "redirectConfig": {"passedUrl": ALLOWED, "failedUrl": ALLOWED, "allowedRedirectUrls": [ALLOWED]},
            "sessionOverrideConfig": {"allowRedirectOverrides": True},
        }
    )


def signed_wish(name: str, url: str) -> VerificationRequest:
    """Return what a rightly signed link asks for, as far as a link can carry it."""
    unsigned = join_pairs([("reExpiration", "1900000000"), (name, url)])
    query = f"{unsigned}&reSignature={request_signature(ID, unsigned, KEYS)}"
    return parse_request(ID, query, KEYS, force_signed=True, schemes=DEFAULT_SCHEMES, now=0)


@pytest.mark.parametrize("name", ["rePassedUrl", "reFailedUrl"])
def test_of_all_strings_a_signed_link_can_ask_for_only_the_listed_one_is_taken(
    open_to_redirects: Configuration, name: str
) -> None:
    taken = apply_overrides(open_to_redirects, signed_wish(name, ALLOWED))
    assert ALLOWED in {taken.passed_url, taken.failed_url}
    attempts = {*BAD, *LOOKALIKES}
    assert len(attempts) >= 200
    for url in attempts:
        with pytest.raises(InputError, match=f"^({name}|query): "):
            apply_overrides(open_to_redirects, signed_wish(name, url))


def test_a_configuration_lists_no_url_that_could_be_read_in_two_ways() -> None:
    document = {"name": "x", "id": ID, "verifierConfigs": {"liveness": {"type": "Verification"}}}
    for url in BAD:
        with pytest.raises(ConfigurationRefusedError):
            read_configuration(document | {"redirectConfig": {"allowedRedirectUrls": [url]}})


def test_an_empty_list_allows_nothing() -> None:
    assert not is_allowed(ALLOWED, [])


def test_a_text_mistaken_for_a_list_does_not_allow_what_it_contains() -> None:
    assert not is_allowed("https://shop.example", "https://shop.example/done")


def test_2048_characters_are_accepted_and_one_more_refused() -> None:
    longest = ALLOWED + "x" * (2048 - len(ALLOWED))
    assert is_accepted(longest)
    assert not is_accepted(longest + "x")
