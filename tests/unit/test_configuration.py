"""Configurations: what is accepted, what is refused and how, and what the defaults are."""

import json
from typing import Any

import pytest

from app.verifications.configuration import read_configuration, write_configuration
from app.verifications.document import ConfigurationRefusedError

ID = "5f0c2a52-8c1e-4b7e-9d3a-6a1f0e7b9c11"
SMALLEST: dict[str, Any] = {
    "id": ID,
    "name": "Face check",
    "verifierConfigs": {"liveness": {"type": "Verification"}},
}


def refused(**changes: Any) -> dict[str, str]:
    with pytest.raises(ConfigurationRefusedError) as refusal:
        read_configuration(SMALLEST | changes)
    return refusal.value.problems


def test_the_smallest_configuration_has_safe_defaults() -> None:
    configuration = read_configuration(SMALLEST)
    assert configuration.security_config.force_signed_input
    assert configuration.security_config.signature_schemes == ("hmac-sha256",)
    assert configuration.verifier_configs.liveness.challenge_type == "Balanced"
    assert configuration.experience_config.consent.required
    assert not configuration.session_override_config.allow_verifier_overrides


def test_personal_data_stays_off_the_url_unless_asked_for() -> None:
    outputs = read_configuration(SMALLEST).result_parameter_config
    off = {name for name in ("Age", "Gender", "FaceId", "ExternalId") if not outputs.includes(name)}
    assert off == {"Age", "Gender", "FaceId", "ExternalId"}
    assert outputs.includes("VerificationResult")


def test_what_is_exported_can_be_imported_again_unchanged() -> None:
    text = write_configuration(read_configuration(SMALLEST))
    assert write_configuration(read_configuration(json.loads(text))) == text


def test_names_are_accepted_in_any_case() -> None:
    odd = {
        "ID": ID,
        "NAME": "Face check",
        "VERIFIERCONFIGS": {"Liveness": {"TYPE": "Verification", "challengetype": "Advanced"}},
    }
    assert read_configuration(odd).verifier_configs.liveness.challenge_type == "Advanced"


def test_a_name_given_twice_in_two_cases_is_refused() -> None:
    assert "given twice" in " ".join(refused(Name="Other").values())


def test_an_unknown_field_is_refused_by_its_path() -> None:
    problems = refused(securityConfig={"forceSigned": True})
    assert problems == {"securityConfig.forceSigned": "is not a known field"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"verifierConfigs": {"liveness": {"type": "verification"}}}, "verifierConfigs.liveness.type"),
        ({"verifierConfigs": {}}, "verifierConfigs"),
        ({"redirectConfig": {"passedUrl": "http://shop.example/"}}, "redirectConfig.passedUrl"),
        ({"redirectConfig": {"passedUrl": "/back"}}, "redirectConfig.passedUrl"),
        ({"securityConfig": {"forceSignedInput": "false"}}, "securityConfig.forceSignedInput"),
        ({"securityConfig": {"signatureSchemes": []}}, "securityConfig.signatureSchemes"),
        ({"securityConfig": {"maxAttempts": 0}}, "securityConfig.maxAttempts"),
        ({"securityConfig": {"frameAncestors": ["*"]}}, "securityConfig.frameAncestors[0]"),
        (
            {"experienceConfig": {"timeouts": {"sessionSeconds": 90_000}}},
            "experienceConfig.timeouts.sessionSeconds",
        ),
        ({"id": "x"}, "id"),
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"experienceConfig": {"consent": {"title": "a\0b"}}}, "experienceConfig.consent.title"),
    ],
)
def test_bad_values_are_refused_by_their_path(changes: dict[str, Any], path: str) -> None:
    assert path in refused(**changes)


def test_every_problem_is_told_at_once() -> None:
    assert set(refused(name="", id="x", extra=1)) == {"name", "id", "extra"}


@pytest.mark.parametrize("rate", [0, 1e-7, 0.5])
def test_a_false_match_rate_out_of_range_is_refused(rate: float) -> None:
    verifiers = {"faceRecognition": {"type": "MatchVerification", "falseMatchRate": rate}}
    assert "verifierConfigs.faceRecognition.falseMatchRate" in refused(verifierConfigs=verifiers)
