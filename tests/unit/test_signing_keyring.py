"""Two live secrets: rotation never breaks a link, and secrets never show."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.errors import InputError
from app.signing.keyring import Keyring, SigningSecret, generate_secret

OLD = SigningSecret("old", "the old secret of the project", datetime(2026, 1, 1, tzinfo=UTC))
NEW = SigningSecret("new", "the new secret of the project", datetime(2026, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize("secrets", [(OLD, NEW), (NEW, OLD)])
def test_the_newest_secret_signs_wherever_it_stands(secrets: tuple[SigningSecret, ...]) -> None:
    assert Keyring(secrets).sign(b"m") == Keyring((NEW,)).sign(b"m")


def test_both_secrets_verify_and_the_keyring_tells_which_did() -> None:
    both = Keyring((OLD, NEW))
    assert both.verify(b"m", Keyring((OLD,)).sign(b"m")) == "old"
    assert both.verify(b"m", Keyring((NEW,)).sign(b"m")) == "new"


def test_a_retired_secret_no_longer_verifies() -> None:
    assert Keyring((NEW,)).verify(b"m", Keyring((OLD,)).sign(b"m")) is None


def test_every_secret_is_tried_even_after_a_match() -> None:
    tried: list[str] = []
    signer = Keyring((OLD, NEW)).find_signer("s", lambda value: [tried.append(value) or "s"])  # type: ignore[func-returns-value]
    assert signer == "old"
    assert tried == [OLD.value, NEW.value]


@pytest.mark.parametrize("secrets", [(), (OLD, NEW, replace(NEW, id="third"))])
def test_a_keyring_holds_one_or_two_secrets(secrets: tuple[SigningSecret, ...]) -> None:
    with pytest.raises(InputError, match="signingSecrets"):
        Keyring(secrets)


@pytest.mark.parametrize("value", ["", "fifteen letters"])
def test_a_secret_that_could_be_guessed_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="signingSecret: at least 16"):
        replace(OLD, value=value)


def test_secrets_do_not_show_in_any_representation() -> None:
    shown = f"{OLD!r} {OLD} {Keyring((OLD, NEW))!r}"
    assert "old" in shown
    assert OLD.value not in shown
    assert NEW.value not in shown


def test_a_generated_secret_carries_256_bits_and_is_recognisable() -> None:
    asked: list[int] = []
    secret = generate_secret(lambda size: asked.append(size) or b"\xff" * size)  # type: ignore[func-returns-value]
    assert asked == [32]
    assert secret == "vvs_" + "_" * 42 + "8"
