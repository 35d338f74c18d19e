"""Passwords of operators: which are refused, how they are kept and compared."""

import re
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import InputError

MIN_LENGTH = 12
# Argon2 reads everything; a limit keeps a megabyte of password from costing a second of computing.
MAX_LENGTH = 256
# Parts of an address or name shorter than this are in too many good passwords.
MIN_OWN_PART = 4
# A word and what people put around it: at least this much must be something else.
MIN_OWN_SUBSTANCE = 4
COMMON = Path(__file__).resolve().parent.parent / "data" / "common_passwords.txt"
_LOOKALIKES = str.maketrans("013457@$!|", "oieastasii")

# Argon2id, 64 MiB, 3 passes, 4 lanes: the second recommended option of RFC 9106, section 4.
_hasher = PasswordHasher()


def check_password(password: str, *personal: str) -> None:
    """Raise `InputError` naming why a password is refused; `personal` are e-mail address and the like."""
    if len(password) < MIN_LENGTH:
        raise InputError("password", f"must have at least {MIN_LENGTH} characters; a sentence is fine")
    if len(password) > MAX_LENGTH:
        raise InputError("password", f"must have at most {MAX_LENGTH} characters")
    plain = _plain(password)
    if any(part in plain for part in _own_parts(personal)):
        raise InputError("password", "must not contain your e-mail address or the name of this service")
    if _is_common(password):
        raise InputError(
            "password", "is among the first that attackers try; take something nobody else would"
        )


def hash_password(password: str) -> str:
    """Return the Argon2id hash with its parameters and salt."""
    return _hasher.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Compare; without a hash it takes as long as with one, so that the time tells nothing."""
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made with parameters of the past."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def _plain(text: str) -> str:
    """Return letters and digits only, in lower case."""
    return re.sub(r"[\W_]", "", text.lower())


def _own_parts(personal: tuple[str, ...]) -> set[str]:
    words = {_plain(word) for text in personal for word in re.split(r"[\W_]+", text)}
    return {word for word in words if len(word) >= MIN_OWN_PART} | {"visavis"}


def _is_common(password: str) -> bool:
    """Tell whether a common word is all there is, whatever digits and signs stand around or between."""
    lowered = password.lower()
    for text in {_plain(lowered), _plain(lowered.translate(_LOOKALIKES))}:
        letters = re.sub(r"\d", "", text)
        if text in _common() or len(set(text)) <= MIN_OWN_SUBSTANCE or _is_run(text):
            return True
        if letters in _common() or _is_made_of_common(letters or text):
            return True
    return False


def _is_run(text: str) -> bool:
    """Tell a walk along the alphabet, the digits or the keyboard, forwards or backwards, and repetitions."""
    rows = "abcdefghijklmnopqrstuvwxyz 01234567890123456789 qwertyuiopasdfghjklzxcvbnm 1q2w3e4r5t6y7u8i9o0p"
    half = text[: len(text) // 2]
    return text in rows or text[::-1] in rows or (len(text) % 2 == 0 and half + half == text)


def _is_made_of_common(letters: str) -> bool:
    """Tell whether at most a few letters remain when one common word, or one over and over, is taken away."""
    longest = max((word for word in _common() if word in letters), key=len, default="")
    rest = letters.replace(longest, "") if len(longest) >= MIN_OWN_PART else letters
    return len(rest) < MIN_OWN_SUBSTANCE


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
