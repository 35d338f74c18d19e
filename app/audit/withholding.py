"""What never enters the audit log, whoever hands it over: secrets, biometrics, external ids of people."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

WITHHELD = "withheld"

_NAMES = re.compile(
    r"secret|password|passphrase|token|totp|recovery|master|private|template|embedding|landmark|biometric|"
    r"image|picture|frame$|external_?id|external_?key",
    re.IGNORECASE,
)
# Texts that are secrets wherever they stand: signing secrets, API keys, webhook secrets.
_SECRETS = re.compile(r"(vvs_|vvk_[0-9a-f]+_|whsec_)[A-Za-z0-9_+/=-]{16,}")
# The shortest list of numbers that could be a face; nothing that is audited has as many.
_NUMBERS = 16


def withheld(value: object, name: str = "") -> Any:  # noqa: ANN401 -- any JSON value
    """Return a copy of a JSON value in which whatever may not be kept says `withheld`.

    A switch that only bears such a name (`includeExternalId: true`) stays as it is.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, bytes | bytearray | memoryview) or _NAMES.search(name):
        return WITHHELD
    if isinstance(value, Mapping):
        return {str(key): withheld(each, str(key)) for key, each in value.items()}
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence | set | frozenset):
        return _sequence(list(value))
    return value


def _text(text: str) -> str:
    text = _SECRETS.sub(WITHHELD, text)
    if text.startswith(("https://", "http://")) and urlsplit(text).query:
        # Addresses of receivers often carry a password in their query.
        return text.partition("?")[0] + "?" + WITHHELD
    return text


def _sequence(values: list[object]) -> Any:  # noqa: ANN401 -- any JSON value
    numbers = [each for each in values if isinstance(each, float)]
    return WITHHELD if len(numbers) >= _NUMBERS else [withheld(each) for each in values]
