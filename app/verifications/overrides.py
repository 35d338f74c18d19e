"""Session overrides: allowed and honoured, not allowed and ignored, or refused.

An override can only remove work, switch an output or change a target inside the allow-list; no
threshold can be reached from a link.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import InputError
from app.signing import parameters as names
from app.signing.redirect_urls import check_redirect_url, is_allowed
from app.signing.request_link import VerificationRequest, parse_boolean
from app.verifications.configuration import Configuration
from app.vocabulary import VerifierName


@dataclass(frozen=True, slots=True)
class Overrides:
    """What of a link's wishes is honoured in one session."""

    disabled: frozenset[VerifierName] = frozenset()
    includes: Mapping[str, bool] | None = None
    """Output name (`FaceId`, `CustomInputParameters` …) → switched on or off."""
    passed_url: str | None = None
    failed_url: str | None = None
    ignored: tuple[str, ...] = ()
    """Parameters that were not allowed or not known."""

    def to_json(self) -> dict[str, object]:
        """Return the form in which a session row keeps it."""
        return {
            "disabled": sorted(self.disabled),
            "includes": dict(self.includes or {}),
            "passedUrl": self.passed_url,
            "failedUrl": self.failed_url,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "Overrides":
        """Read what `to_json` wrote."""
        return cls(
            disabled=frozenset(VerifierName(name) for name in document["disabled"]),  # type: ignore[attr-defined]
            includes=document["includes"],  # type: ignore[arg-type]
            passed_url=document["passedUrl"],  # type: ignore[arg-type]
            failed_url=document["failedUrl"],  # type: ignore[arg-type]
        )


def apply_overrides(configuration: Configuration, request: VerificationRequest) -> Overrides:
    """Sort a link's overrides by what the configuration allows.

    Raises `InputError` (400) for an allowed override that is malformed or off the allow-list, when
    every verifier would be off, and when the recognition that remains needs an external id.
    """
    allow = configuration.session_override_config
    disabled, includes, ignored = set(), {}, list(request.unknown_reserved)
    for name, text in request.overrides.items():
        if name in names.DISABLE_PARAMETERS:
            if not allow.allow_verifier_overrides:
                ignored.append(name)
            elif parse_boolean(name, text):
                disabled.add(names.DISABLE_PARAMETERS[name])
        elif not allow.allow_result_parameter_overrides:
            ignored.append(name)
        else:
            includes[names.INCLUDE_PARAMETERS[name].removeprefix("include")] = parse_boolean(name, text)
    targets = _redirect_targets(configuration, request, ignored)
    _refuse_nothing_left(configuration, disabled)
    _require_external_id(configuration, disabled, request)
    return Overrides(frozenset(disabled), includes, *targets, tuple(ignored))


def enabled_verifiers(configuration: Configuration) -> frozenset[VerifierName]:
    """Return the verifiers that the configuration switches on."""
    configs = configuration.verifier_configs
    types = {
        VerifierName.LIVENESS: configs.liveness.type,
        VerifierName.FACE_RECOGNITION: configs.face_recognition.type,
        VerifierName.AGE: configs.age.type,
        VerifierName.GENDER: configs.gender.type,
    }
    return frozenset(name for name, kind in types.items() if kind.value != "Disabled")


def _redirect_targets(
    configuration: Configuration, request: VerificationRequest, ignored: list[str]
) -> tuple[str | None, str | None]:
    passed = _redirect_target(configuration, request, names.PASSED_URL, request.passed_url, ignored)
    failed = _redirect_target(configuration, request, names.FAILED_URL, request.failed_url, ignored)
    return passed, failed


def _redirect_target(
    configuration: Configuration,
    request: VerificationRequest,
    field: str,
    url: str | None,
    ignored: list[str],
) -> str | None:
    if url is None:
        return None
    # An unsigned link could send anybody anywhere: there the wish does not count.
    if not (configuration.session_override_config.allow_redirect_overrides and request.signed):
        ignored.append(field)
        return None
    check_redirect_url(field, url)
    if not is_allowed(url, configuration.redirect_config.allowed_redirect_urls):
        raise InputError(field, "is not on this verification's list of allowed redirect URLs")
    return url


def _refuse_nothing_left(configuration: Configuration, disabled: set[VerifierName]) -> None:
    if not enabled_verifiers(configuration) - disabled:
        raise InputError("reDisable…Verifier", "at least one verifier must stay on")


def _require_external_id(
    configuration: Configuration, disabled: set[VerifierName], request: VerificationRequest
) -> None:
    mode = configuration.verifier_configs.face_recognition.type
    if VerifierName.FACE_RECOGNITION in disabled or not mode.needs_external_id:
        return
    if request.external_id is None:
        raise InputError(names.EXTERNAL_ID, f"is required for {mode.value}")
