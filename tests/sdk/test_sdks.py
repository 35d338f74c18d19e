"""Every client passes its own tests, which read the published vectors; see `toolchains`."""

import json
from pathlib import Path

import pytest

from tests.sdk.published_vectors import FILES, VECTORS, refusals, webhooks
from tests.sdk.toolchains import SDK, Toolchain, present


@pytest.mark.parametrize("toolchain", present(), ids=lambda toolchain: toolchain.language)
def test_the_client_passes_its_own_tests(toolchain: Toolchain, tmp_path: Path) -> None:
    toolchain.test(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_the_published_vectors_are_what_an_independent_reading_computes(name: str) -> None:
    assert json.loads((VECTORS / name).read_text(encoding="utf-8")) == FILES[name]()


def test_every_vector_has_a_name_of_its_own_and_says_why() -> None:
    for cases in (refusals(), webhooks()):
        names = [(case.get("kind"), case["name"]) for case in cases]
        assert len(set(names)) == len(names)
        assert all(case["why"] for case in cases)


@pytest.mark.parametrize("language", ["python", "javascript", "php", "go", "java"])
def test_each_readme_is_short(language: str) -> None:
    readme = (SDK / language / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 60
