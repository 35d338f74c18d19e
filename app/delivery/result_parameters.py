"""From a concluded session to the parameters of its result, as configured."""

from collections.abc import Callable, Mapping

from app.models import VerificationSession
from app.signing.parameters import OUTPUTS
from app.verifications.configuration import ResultParameterConfig
from app.vocabulary import SessionState, VerifierName

_Value = Callable[[VerificationSession], str | int | None]


def _verifier(name: VerifierName) -> _Value:
    return lambda visit: visit.verifier_results.get(name)


# Output without its `re` → value; None = left out.
VALUE_OF_OUTPUT: Mapping[str, _Value] = {
    "VerificationSessionId": lambda visit: visit.id,
    "VerificationId": lambda visit: visit.verification_id,
    "VerificationResult": lambda visit: overall_result(visit),
    "LivenessResult": _verifier(VerifierName.LIVENESS),
    "FaceRecognitionResult": _verifier(VerifierName.FACE_RECOGNITION),
    "AgeVerificationResult": _verifier(VerifierName.AGE),
    "GenderVerificationResult": _verifier(VerifierName.GENDER),
    "FaceId": lambda visit: visit.face_id,
    "Age": lambda visit: visit.age_years,
    "Gender": lambda visit: visit.gender,
    "CorrelationId": lambda visit: visit.correlation_id,
    "TotalFaceCount": lambda visit: visit.total_face_count,
    "FailedReason": lambda visit: visit.reason,
    "ExternalId": lambda visit: visit.external_id,
    "Nonce": lambda visit: visit.nonce,
    "IssuedAt": lambda visit: int(visit.concluded_at or 0),
}


def overall_result(visit: VerificationSession) -> str:
    """Return `passed` for a passed session; whatever else happened, it is `failed`."""
    return "passed" if visit.state == SessionState.PASSED else "failed"


def result_parameters(
    visit: VerificationSession, config: ResultParameterConfig, switched: Mapping[str, bool]
) -> list[tuple[str, str]]:
    """Return the result's parameters in their order, the site's own ones last.

    `switched` are the session's honoured `reInclude…` overrides.
    """
    parameters = []
    for name in OUTPUTS:
        output = name.removeprefix("re")
        value = VALUE_OF_OUTPUT[output](visit)
        if value is not None and switched.get(output, config.includes(output)):
            parameters.append((name, str(value)))
    return parameters + [(name, value) for name, value in visit.custom_parameters]
