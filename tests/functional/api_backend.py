"""Alice's backend: calls the API with its key, and keeps a record of what was exercised.

As a pytest plugin (`-p tests.functional.api_backend`) it writes the record to the file that the environment
names, so that another run can read it.
"""

import base64
import json
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from webtest import TestApp, TestResponse

from app.api import keys
from app.api.openapi import operation_id
from app.api.scopes import Scope
from app.api.sections import all_operations
from app.runtime import Runtime
from tests.service import RelyingSite, new_browser
from tests.simulator.faces import DIRECTORY

RECORD_VARIABLE = "VISAVIS_TEST_API_RECORD"

Exercised = tuple[str, int, str]
"""Operation, status, problem type or nothing."""

EXERCISED: set[Exercised] = set()


@cache
def operation_ids() -> dict[tuple[str, str], str]:
    return {
        (method, operation.path): operation_id(operation, method)
        for operation in all_operations()
        for method in operation.methods
    }


@dataclass
class Backend:
    """One API key of one project."""

    runtime: Runtime
    key: str
    app: TestApp = field(repr=False)
    scheme: str = "ApiKey"

    @classmethod
    def of(cls, site: RelyingSite, *scopes: Scope, **terms: Any) -> "Backend":
        parts = site.runtime
        with parts.database.transaction() as db:
            _, text = keys.create_key(
                db, parts.sealer, site.project_id, "backend", scopes or tuple(Scope), parts.clock(), **terms
            )
        return cls(parts, text, new_browser(parts))

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: Any
    ) -> TestResponse:
        """Call an operation; any status comes back, and is recorded."""
        options: dict[str, Any] = {"method": method, "expect_errors": True}
        if body is not None:
            options |= {
                "POST": body if isinstance(body, bytes) else json.dumps(body).encode(),
                "content_type": "application/json",
            }
        url = path + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")
        all_headers = {"Authorization": f"{self.scheme} {self.key}"} | (headers or {})
        response = self.app.request(url, headers=all_headers, **options)
        record(method, path, response)
        return response

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, {} if body is None else body, headers=named)

    def upload(self, path: str, fields: dict[str, str], **files: bytes) -> TestResponse:
        """Call an operation with a form and files."""
        parts = [(name, "picture", content) for name, content in files.items()]
        response = self.app.post(
            path,
            fields,
            upload_files=parts,
            headers={"Authorization": f"{self.scheme} {self.key}"},
            expect_errors=True,
        )
        record("POST", path, response)
        return response


def record(method: str, path: str, response: TestResponse) -> None:
    name = operation_ids().get((method, path))
    if name is not None:
        refused = response.content_type == "application/problem+json"
        EXERCISED.add((name, response.status_int, response.json["type"] if refused else ""))


def problem(response: TestResponse) -> tuple[int, str, str | None]:
    """Return status, last part of the type, and field."""
    assert response.content_type == "application/problem+json", response
    assert response.json["status"] == response.status_int
    return response.status_int, response.json["type"].rsplit(":", 1)[-1], response.json.get("field")


def photo(name: str) -> bytes:
    return (DIRECTORY / name).read_bytes()


def picture(name: str) -> dict[str, str]:
    """Return a photo as requests carry it."""
    return {"bytes": base64.b64encode(photo(name)).decode()}


def pytest_sessionfinish() -> None:
    if RECORD_VARIABLE in os.environ:
        Path(os.environ[RECORD_VARIABLE]).write_text(json.dumps(sorted(EXERCISED)))
