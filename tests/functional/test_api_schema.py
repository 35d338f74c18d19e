"""Calls drawn at random from the published document: nothing may crash, and every answer must fit it."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from webtest import TestApp

from tests.functional.api_backend import Backend
from tests.service import RelyingSite

# All of them together draw some 40 operations × 2 × this many calls: well under a minute.
EXAMPLES = 8
# What no schema can say is refused too: that a query can be parsed, that bytes are a picture, that a link is
# not expired yet.
SAID_IN_WORDS = ["200", "400", "403", "404", "409", "410", "413", "415", "422"]
CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {"expected-statuses": SAID_IN_WORDS},
            "negative_data_rejection": {"expected-statuses": SAID_IN_WORDS[1:]},
        }
    }
)


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    site.publish()
    return Backend.of(site)


def takes_nothing(operation: dict[str, Any]) -> bool:
    """Tell whether there is nothing in a call that could be wrong."""
    return not operation["parameters"] and "requestBody" not in operation


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_fits_the_document(backend: Backend, browser: TestApp, mode: GenerationMode) -> None:
    document = browser.get("/openapi.json").json
    if mode is GenerationMode.NEGATIVE:
        # Calls without a key would count as wrong ones, and get theirs below all the same.
        document["components"].pop("securitySchemes")
    schema = schemathesis.openapi.from_dict(document, config=CONFIG)
    schema.app = backend.app.app
    for result in schema.get_all_operations():
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and takes_nothing(operation.definition.raw):
            continue

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def check(case: Case) -> None:
            case.call_and_validate(headers={"Authorization": f"ApiKey {backend.key}"})

        check()


def test_the_document_is_valid_openapi(browser: TestApp) -> None:
    document: dict[str, Any] = json.loads(browser.get("/openapi.json").body)
    schemathesis.openapi.from_dict(document).validate()
