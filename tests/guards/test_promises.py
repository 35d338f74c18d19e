"""Invariants of the whole code base, each a few lines."""

import re
import socket
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

from app.api.guards import require_scope
from app.console.guards import require_operator
from app.error_pages import PROBLEMS, problem_of
from app.errors import VisavisError
from app.factory import ROOT, create_app
from app.hosted import guards
from app.hosted.handover import require_watcher
from app.hosted.metrics_endpoint import require_metrics_token
from app.hosted.texts import guidance_texts, reason_texts
from app.inference.manifest import load_manifest
from app.runtime import Runtime
from app.settings import PREFIX, SETTINGS, Settings
from app.signing.parameters import OUTPUTS
from app.verifications.configuration import ResultParameterConfig
from app.vocabulary import CLASS_OF_REASON, Guidance, Reason

GUARDS = {
    guards.public_route,
    guards.require_browser,
    guards.require_page,
    guards.require_sandbox,
    require_metrics_token,
    require_watcher,
    require_operator,
    require_scope,
}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_blueprint_declares_its_guard(runtime: Runtime) -> None:
    app = create_app(runtime)
    for name in app.blueprints:
        assert set(app.before_request_funcs.get(name, ())) & GUARDS, f"{name} declares no guard"


def test_every_route_belongs_to_a_guarded_blueprint(runtime: Runtime) -> None:
    app = create_app(runtime)
    loose = {rule.endpoint for rule in app.url_map.iter_rules() if "." not in rule.endpoint}
    assert loose == {"static"}


def test_every_reason_has_a_class_and_text(runtime: Runtime) -> None:
    with create_app(runtime).test_request_context():
        texts = reason_texts()
    assert set(CLASS_OF_REASON) == set(Reason) == {Reason(name) for name in texts}
    assert all(text["title"] and text["hint"] for text in texts.values())


def test_every_guidance_has_text(runtime: Runtime) -> None:
    with create_app(runtime).test_request_context():
        assert {Guidance(name) for name in guidance_texts()} == set(Guidance)


def test_every_setting_is_documented_and_parsed() -> None:
    assert {setting.name.lower() for setting in SETTINGS} == set(Settings.__dataclass_fields__)
    missing = [setting.name for setting in SETTINGS if f"`{PREFIX}{setting.name}`" not in README]
    assert not missing


def test_every_reason_is_documented() -> None:
    assert [reason for reason in Reason if f"`{reason}`" not in README] == []


def test_every_output_has_its_switch() -> None:
    switches = {
        name
        for name in ResultParameterConfig.model_json_schema(by_alias=True)["properties"]
        if name[:7] == "include"
    }
    expected = {f"include{name.removeprefix('re')}" for name in OUTPUTS}
    assert switches == expected | {"includeCustomInputParameters"}


def all_errors(kind: type[VisavisError] = VisavisError) -> set[type[VisavisError]]:
    return {kind}.union(*(all_errors(child) for child in kind.__subclasses__()))


def test_every_error_that_a_caller_can_cause_has_its_status() -> None:
    internal = {"VisavisError", "SealBrokenError", "SettingsError", "ModelPackError"}
    for kind in all_errors():
        if kind.__module__.startswith("app.") and kind.__name__ not in internal:
            assert any(parent in PROBLEMS for parent in kind.__mro__), kind
    assert problem_of(VisavisError()).status == 500


def test_every_model_in_the_manifest_has_hash_and_licence() -> None:
    manifest = load_manifest()
    assert len(manifest.models) >= 7
    for model in manifest.models.values():
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256), model.key
        assert model.licence.strip(), model.key
    for archive in manifest.archives.values():
        assert re.fullmatch(r"[0-9a-f]{64}", archive.sha256), archive


def test_no_test_reaches_another_host() -> None:
    blocked = pytest.raises(SocketConnectBlockedError)
    with pytest.warns(UserWarning, match="192.0.2.1"), blocked, socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))


def test_no_host_of_a_package_registry_is_named() -> None:
    hosts = re.compile(
        "|".join((r"pypi\." + "org", r"pythonhosted\." + "org", r"registry\.npm" + "js", r"npmjs\." + "org"))
    )
    for path in ROOT.rglob("*"):
        if is_ours(path):
            assert not hosts.search(path.read_text(encoding="utf-8", errors="ignore")), path


def test_no_weights_and_no_photos_are_in_the_repository() -> None:
    forbidden = {".onnx", ".tflite", ".task", ".dat", ".pth", ".jpg", ".jpeg"}
    assert not [path for path in ROOT.rglob("*") if is_ours(path) and path.suffix in forbidden]


def is_ours(path: Path) -> bool:
    outside = {".git", ".venv", "models", "var", "node_modules", "__pycache__"}
    top = path.relative_to(ROOT).parts[0]
    return path.is_file() and top not in outside and "__pycache__" not in path.parts and path.suffix != ".mo"
