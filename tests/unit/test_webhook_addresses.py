"""Webhooks reach the public internet and nothing else."""

from collections.abc import Iterable

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.address_guard import ForbiddenAddressError, GuardedBackend, is_public
from app.webhooks.schedule import DELAYS_S, MAX_ATTEMPTS, next_delay
from app.webhooks.sender import Sender

PRIVATE = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",  # noqa: S104 - an address to be refused
    "10.0.0.7",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "not an address",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "1.1.1.1"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"), st.sampled_from(["", "::ffff:"]))
def test_no_spelling_of_a_private_address_passes(address: object, prefix: str) -> None:
    assert not is_public(f"{prefix}{address}")


class Network(httpcore.MockBackend):
    """Remembers where somebody connected to."""

    def __init__(self) -> None:
        super().__init__([b"HTTP/1.1 204 No Content\r\n\r\n"])
        self.connected: list[str] = []

    def connect_tcp(self, host: str, *args: object, **options: object) -> httpcore.NetworkStream:
        self.connected.append(host)
        return super().connect_tcp(host, *args, **options)  # type: ignore[arg-type]


class Names:
    """A name server that gives another answer each time, as for DNS rebinding."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int) -> Iterable[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def connect(names: Names) -> list[str]:
    network = Network()
    GuardedBackend(names, network).connect_tcp("hooks.example", 443)
    return network.connected


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    names = Names(["93.184.215.14"], ["127.0.0.1"])
    assert connect(names) == ["93.184.215.14"]
    assert names.asked == 1


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::ffff:169.254.169.254"]])
def test_a_name_that_leads_inside_is_not_connected_to(answer: list[str]) -> None:
    with pytest.raises(ForbiddenAddressError):
        connect(Names(answer))


def test_a_name_without_an_address_is_a_failed_connection() -> None:
    with pytest.raises(httpcore.ConnectError):
        connect(Names([]))


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example/", "https://user:secret@hooks.example/", "ftp://hooks.example/", "https:///path"],
)
def test_a_receiver_must_be_plain_https(url: str) -> None:
    network = Network()
    attempt = Sender(backend=GuardedBackend(Names(["93.184.215.14"]), network))(url, b"{}", {})
    assert not attempt.accepted
    assert attempt.error is not None
    assert network.connected == []


def test_a_private_receiver_is_a_failed_try_that_says_why() -> None:
    guarded = GuardedBackend(Names(["10.1.2.3"]), Network())
    attempt = Sender(backend=guarded)("https://hooks.example/", b"{}", {})
    assert (attempt.status, attempt.error) == (None, "the receiver's address is not public")


def test_there_are_at_least_ten_tries_over_three_days() -> None:
    assert MAX_ATTEMPTS >= 10
    assert sum(DELAYS_S) >= 3 * 24 * 3600
    assert next_delay(MAX_ATTEMPTS, lambda: 0.5) is None


@pytest.mark.parametrize("attempts", range(1, MAX_ATTEMPTS))
def test_every_delay_is_jittered_by_a_tenth(attempts: int) -> None:
    shortest, longest = (next_delay(attempts, lambda luck=luck: luck) for luck in (0.0, 1.0))
    assert shortest == pytest.approx(0.9 * DELAYS_S[attempts - 1])
    assert longest == pytest.approx(1.1 * DELAYS_S[attempts - 1])
