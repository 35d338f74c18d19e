"""Names that links and results reserve: everything that begins with `re` and a capital letter."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from app.errors import InputError
from app.signing.canonical import SIGNATURE_NAME, Pair
from app.vocabulary import VerifierName

_RESERVED = re.compile(r"re[A-Z]")

SIGNATURE = SIGNATURE_NAME
EXTERNAL_ID = "reExternalId"
EXPIRATION = "reExpiration"
NONCE = "reNonce"
CORRELATION_ID = "reCorrelationId"
LOCALE = "reLocale"
PASSED_URL = "rePassedUrl"
FAILED_URL = "reFailedUrl"

# In the order in which a result carries them.
OUTPUTS: tuple[str, ...] = (
    "reVerificationSessionId",
    "reVerificationId",
    "reVerificationResult",
    "reLivenessResult",
    "reFaceRecognitionResult",
    "reAgeVerificationResult",
    "reGenderVerificationResult",
    "reFaceId",
    "reAge",
    "reGender",
    "reCorrelationId",
    "reTotalFaceCount",
    "reFailedReason",
    "reExternalId",
    "reNonce",
    "reIssuedAt",
)

DISABLE_PARAMETERS: dict[str, VerifierName] = {
    "reDisableLivenessVerifier": VerifierName.LIVENESS,
    "reDisableFaceRecognitionVerifier": VerifierName.FACE_RECOGNITION,
    "reDisableAgeVerifier": VerifierName.AGE,
    "reDisableGenderVerifier": VerifierName.GENDER,
}

# Override on a link -> switch of `resultParameterConfig`, one for each output and one for the rest.
INCLUDE_PARAMETERS: dict[str, str] = {
    f"reInclude{output}": f"include{output}"
    for output in (*(name.removeprefix("re") for name in OUTPUTS), "CustomInputParameters")
}

OVERRIDE_NAMES = frozenset(DISABLE_PARAMETERS) | frozenset(INCLUDE_PARAMETERS)

KNOWN_NAMES = OVERRIDE_NAMES | {
    SIGNATURE,
    EXTERNAL_ID,
    EXPIRATION,
    NONCE,
    CORRELATION_ID,
    LOCALE,
    PASSED_URL,
    FAILED_URL,
}


def is_reserved(name: str) -> bool:
    """Tell whether a name belongs to the service rather than to the relying site."""
    return _RESERVED.match(name) is not None


def refuse_repeated(pairs: Iterable[Pair]) -> None:
    """Refuse a reserved name given twice: two readers might each believe another one."""
    counts = Counter(name for name, _ in pairs if is_reserved(name))
    for name, count in counts.items():
        if count > 1:
            raise InputError(name, "is given more than once")


def first_value(pairs: Sequence[Pair], name: str) -> str | None:
    """Return the value of `name` (exact case), or None when it is absent."""
    return next((value for key, value in pairs if key == name), None)
