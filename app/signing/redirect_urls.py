"""Which URLs a browser may be sent to: absolute, https (or http on loopback), and unambiguous.

One strict grammar instead of a lenient parser, because the danger lies where two parsers disagree:
what is not written in the plainest form is refused. Being well-formed does not make a URL allowed;
that takes `is_allowed`, which compares whole strings.
"""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address

from app.errors import InputError
from app.signing.canonical import parse_query
from app.signing.parameters import is_reserved

# As long as everything that handles URLs is known to take; the result adds its parameters to it.
MAX_URL_CHARACTERS = 2048

# RFC 3986 §3.3-3.5 without the sub-component separators that the caller adds. `@` may stand in a
# path, never in a fragment, where `https://a.example#@b.example` shows two hosts to two parsers.
_CHARACTER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:/]|%[0-9A-Fa-f]{2})"
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    rf"(?P<path>/(?:{_CHARACTER}|@)*)?"
    rf"(?:\?(?P<query>(?:{_CHARACTER}|[@?])*))?"
    rf"(?:#(?:{_CHARACTER}|\?)*)?"
)
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
# A last label that browsers read as a number makes the whole host an IPv4 address (WHATWG URL §3.5).
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2[eE]){1,2}(?:/|$)")

_LOOPBACK_IPV4 = IPv4Network("127.0.0.0/8")
_LOOPBACK_IPV6 = IPv6Address("::1")
_MAX_PORT = 65535


def check_redirect_url(field: str, url: str) -> None:
    """Raise `InputError` naming `field` unless `url` is a redirect target we could use."""
    if len(url) > MAX_URL_CHARACTERS:
        raise InputError(field, f"at most {MAX_URL_CHARACTERS} characters")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise InputError(field, "must be an absolute https URL in plain, percent-encoded form")
    _check_host(field, parts["scheme"], parts["host"])
    if parts["port"] is not None and int(parts["port"]) > _MAX_PORT:
        raise InputError(field, f"has a port above {_MAX_PORT}")
    if _DOT_SEGMENT.search(parts["path"] or ""):
        raise InputError(field, "must not hold . or .. as a path segment")
    _check_query(field, parts["query"] or "")


def is_allowed(url: str, allow_list: Iterable[str]) -> bool:
    """Tell whether `url` is on the list, character for character."""
    return any(url == allowed for allowed in allow_list)


def _check_host(field: str, scheme: str, host: str) -> None:
    is_loopback = _is_loopback_ipv6(field, host) if host.startswith("[") else _is_loopback_name(field, host)
    if scheme == "http" and not is_loopback:
        raise InputError(field, "must be https; http is for localhost, 127.0.0.0/8 and [::1] only")


def _is_loopback_ipv6(field: str, host: str) -> bool:
    try:
        return IPv6Address(host[1:-1]) == _LOOPBACK_IPV6
    except AddressValueError:
        raise InputError(field, "has a host that is not an IPv6 address") from None


def _is_loopback_name(field: str, host: str) -> bool:
    labels = host.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        return _is_loopback_ipv4(field, host)
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise InputError(field, "has a host that is not a domain name")
    return host == "localhost"


def _is_loopback_ipv4(field: str, host: str) -> bool:
    try:
        return IPv4Address(host) in _LOOPBACK_IPV4
    except AddressValueError:
        raise InputError(field, "has a host that is not an IPv4 address in plain dotted form") from None


def _check_query(field: str, query: str) -> None:
    try:
        pairs = parse_query(query)
    except InputError as error:
        raise InputError(field, f"has a query that {error.detail}") from None
    reserved = [name for name, _ in pairs if is_reserved(name)]
    if reserved:
        raise InputError(field, f"must not hold {reserved[0]}: names of that form are the result's own")
