"""Keeps webhooks from reaching into the operator's own network (SSRF), at the moment of connecting.

The name is resolved once, every address is checked, and the connection goes to a checked address: a name that
answers differently the second time (DNS rebinding) gains nothing, because there is no second time.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]


class ForbiddenAddressError(Exception):
    """The name of a webhook's receiver leads to an address that is not public."""


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to public addresses only."""

    def __init__(self, resolve: Resolve | None = None, inner: httpcore.NetworkBackend | None = None) -> None:
        self._resolve = resolve or resolve_with_system
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check and connect; `ForbiddenAddressError` when any address is not public."""
        addresses = list(self._resolve(host, port))
        if not addresses:
            raise httpcore.ConnectError("the name has no address")
        if not all(is_public(address) for address in addresses):
            raise ForbiddenAddressError("the receiver's address is not public")
        return self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


def resolve_with_system(host: str, port: int) -> list[str]:
    """Return the addresses of a name as the system's resolver gives them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpcore.ConnectError("the name cannot be resolved") from None
    return [str(entry[4][0]) for entry in found]


def is_public(text: str) -> bool:
    """Tell whether an address belongs to the public internet, whatever it is wrapped in."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in _unwrapped(address))


def _unwrapped(address: Address) -> list[Address]:
    """Return the address and the IPv4 addresses that it stands for (mapped, 6to4, Teredo, NAT64)."""
    if not isinstance(address, ipaddress.IPv6Address):
        return [address]
    inner: list[Address] = [each for each in (address.ipv4_mapped, address.sixtofour) if each]
    inner += address.teredo or ()
    if address in ipaddress.ip_network("64:ff9b::/96"):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    # a mapped address is only as public as what it maps
    return inner if address.ipv4_mapped else [address, *inner]
