"""The picture in `app.flow` stays true: packages import in one direction only."""

import ast
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2] / "app"

WORDS = {"vocabulary", "errors"}
# Package or module of `app` → what of `app` it may import besides itself.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "version": set(),
    "vocabulary": set(),
    "errors": set(),
    "settings": {"errors"},
    "sealing": {"errors"},
    "plain": set(),
    "db": {"plain"},
    "qr_codes": set(),
    "signing": WORDS,
    "inference": WORDS,
    "modelpack": {"inference"} | WORDS,
    "sandbox": {"inference"} | WORDS,
    "simulation": {"sandbox", "pipeline", "capture", "decision", "inference"} | WORDS,
    "pipeline": {"inference"} | WORDS,
    "decision": {"pipeline"} | WORDS,
    "verifications": {"db", "plain", "models", "signing", "decision"} | WORDS,
    "models": {"db", "vocabulary"},
    "audit": {"db", "models", "errors"},
    "schema": {"db", "errors"},
    "projects": {"db", "plain", "models", "signing", "sealing", "errors"},
    "faces": {"models", "db", "plain", "sealing", "decision", "pipeline", "inference"} | WORDS,
    "capture": {"models", "plain", "sealing", "pipeline", "inference"} | WORDS,
    "evaluation": {"faces", "inference", "pipeline", "decision", "capture"} | WORDS,
    "resealing": {"db", "models", "sealing", "errors"},
    "runtime": {"db", "decision", "faces", "inference", "sealing", "settings"},
    "wiring": {"resealing", "db", "decision", "faces", "inference", "runtime", "sealing", "settings"},
    "sessions": {
        "audit",
        "capture",
        "db",
        "decision",
        "faces",
        "models",
        "pipeline",
        "plain",
        "runtime",
        "sealing",
        "signing",
        "verifications",
    }
    | WORDS,
    "delivery": {"models", "signing", "verifications"} | WORDS,
    "flow": {
        "capture",
        "decision",
        "delivery",
        "models",
        "pipeline",
        "projects",
        "runtime",
        "sessions",
        "signing",
        "verifications",
    }
    | WORDS,
    "webhooks": {"models", "runtime", "sealing", "verifications"} | WORDS,
    "metrics": {"db", "models", "version", "vocabulary"},
    "checks": {
        "audit",
        "db",
        "decision",
        "faces",
        "inference",
        "models",
        "schema",
        "settings",
        "verifications",
    }
    | WORDS,
    "worker": {"checks", "faces", "flow", "metrics", "models", "runtime", "sessions"} | WORDS,
    "hosted": {
        "capture",
        "delivery",
        "flow",
        "metrics",
        "models",
        "qr_codes",
        "runtime",
        "sealing",
        "sessions",
        "verifications",
    }
    | WORDS,
    "api": {
        "audit",
        "capture",
        "decision",
        "delivery",
        "faces",
        "flow",
        "hosted",
        "inference",
        "models",
        "pipeline",
        "projects",
        "runtime",
        "sealing",
        "sessions",
        "signing",
        "verifications",
        "version",
        "error_pages",
    }
    | WORDS,
    "error_pages": {"errors", "hosted", "verifications"},
    "console": {
        "api",
        "audit",
        "capture",
        "checks",
        "db",
        "decision",
        "delivery",
        "error_pages",
        "faces",
        "flow",
        "hosted",
        "metrics",
        "models",
        "projects",
        "qr_codes",
        "runtime",
        "sealing",
        "sessions",
        "signing",
        "verifications",
        "version",
        "webhooks",
    }
    | WORDS,
    "factory": {"api", "console", "error_pages", "hosted", "runtime", "settings"},
    "cli": {"commands", "console", "factory", "schema", "settings", "wiring"},
}
ANYTHING = {"commands"}
PURE = {"vocabulary", "errors", "signing", "inference", "pipeline", "decision", "sandbox"}
WEB_OR_DATABASE = {"flask", "sqlalchemy", "werkzeug", "alembic"}
INFERENCE_RUNTIMES = {"onnxruntime", "mediapipe"}


def modules() -> list[Path]:
    return sorted(APP.rglob("*.py"))


def unit_of(path: Path) -> str:
    parts = path.relative_to(APP).parts
    return parts[0].removesuffix(".py")


def imported_names(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def units_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported_names(path) if name.startswith("app.")}


def test_every_part_of_the_application_has_its_place_in_the_table() -> None:
    assert {unit_of(path) for path in modules()} == set(MAY_IMPORT) | ANYTHING


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_imports_go_one_way(path: Path) -> None:
    unit = unit_of(path)
    if unit in ANYTHING or path.name == "__main__.py":
        return
    assert units_imported(path) - {unit} <= MAY_IMPORT[unit]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_pure_packages_see_neither_web_nor_database(path: Path) -> None:
    if unit_of(path) in PURE:
        assert not {name.split(".")[0] for name in imported_names(path)} & WEB_OR_DATABASE


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_only_inference_knows_the_model_runtimes(path: Path) -> None:
    if unit_of(path) not in {"inference", "modelpack"}:
        assert not {name.split(".")[0] for name in imported_names(path)} & INFERENCE_RUNTIMES


def test_only_the_lifecycle_writes_the_state_of_a_session() -> None:
    writers = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets):
                writers.add(str(path.relative_to(APP)))
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "values"
            ) and any(keyword.arg == "state" for keyword in node.keywords):
                writers.add(str(path.relative_to(APP)))
    assert writers == {"sessions/lifecycle.py"}


def test_nobody_but_the_settings_reads_the_environment() -> None:
    allowed = {"__init__.py", "cli.py", "commands", "inference", "modelpack"}
    for path in modules():
        if path.relative_to(APP).parts[0] not in allowed:
            assert not {"os.environ", "os.getenv"} & names_read(path), path


def names_read(path: Path) -> set[str]:
    """Return every `module.name` that the code, not its strings, speaks of."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    return {f"{node.value.id}.{node.attr}" for node in nodes if isinstance(node.value, ast.Name)}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_no_module_is_longer_than_a_reading(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_no_package_is_a_drawer_for_odds_and_ends() -> None:
    forbidden = {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "manager",
        "managers",
        "misc",
        "core",
        "services",
    }
    assert not {part.removesuffix(".py") for path in modules() for part in path.parts} & forbidden
