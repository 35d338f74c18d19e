"""The policy file: every number has a provenance, nothing in it is misread."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.decision.decide import REQUIRED_EVIDENCE
from app.decision.policy import Limit, Policy
from app.errors import SettingsError
from app.factory import ROOT

PATH = ROOT / "config" / "policy.toml"
POLICY = Policy.load(PATH)


def document() -> dict[str, Any]:
    return tomllib.loads(PATH.read_text(encoding="utf-8"))


def broken(**changes: object) -> dict[str, Any]:
    """Return the policy with its first limit changed; None takes a field away."""
    whole = document()
    first = {**whole["limit"][0], **changes}
    whole["limit"][0] = {name: value for name, value in first.items() if value is not None}
    return whole


@pytest.mark.parametrize("limit", POLICY.limits, ids=lambda limit: limit.name)
def test_every_number_says_where_it_comes_from(limit: Limit) -> None:
    assert len(limit.provenance.data) > 10
    assert len(limit.provenance.error_rate) > 10
    assert len(limit.provenance.model) > 3
    assert date.fromisoformat(limit.provenance.date) >= date(2025, 1, 1)


def test_the_gender_confidence_says_where_it_comes_from() -> None:
    assert len(POLICY.gender.provenance.error_rate) > 10
    assert 0.5 < POLICY.gender.value < 1


@pytest.mark.parametrize(("evidence", "condition"), REQUIRED_EVIDENCE)
def test_all_required_evidence_has_a_limit_on_its_score(evidence: object, condition: object) -> None:
    limits = [limit for limit in POLICY.limits if limit.evidence is evidence and limit.when is condition]
    assert "score" in {limit.measure for limit in limits}


@pytest.mark.parametrize(
    "field", ["data", "error_rate", "date", "model", "name", "measure", "reason", "when"]
)
def test_a_limit_without_one_of_its_fields_stops_the_service(field: str) -> None:
    with pytest.raises(SettingsError, match=field):
        Policy.from_document(broken(**{field: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"at_least": None},
        {"at_most": 0.5},
        {"at_least": "0.5"},
        {"at_least": True},
        {"at_least": float("nan")},
        {"evidence": "aura"},
        {"reason": "because"},
        {"when": "sometimes"},
        {"tresold": 1},
    ],
)
def test_a_limit_that_makes_no_sense_stops_the_service(changes: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="limit"):
        Policy.from_document(broken(**changes))


def test_two_limits_of_one_name_stop_the_service() -> None:
    whole = document()
    with pytest.raises(SettingsError, match="one name"):
        Policy.from_document({**whole, "limit": [*whole["limit"], whole["limit"][0]]})


def test_an_unknown_part_stops_the_service() -> None:
    with pytest.raises(SettingsError, match="limits"):
        Policy.from_document({**document(), "limits": []})


def test_a_policy_that_is_missing_or_no_toml_stops_the_service(tmp_path: Path) -> None:
    garbled = tmp_path / "policy.toml"
    garbled.write_text("[[limit")
    for path in (garbled, tmp_path / "nowhere.toml"):
        with pytest.raises(SettingsError, match="cannot be read"):
            Policy.load(path)
