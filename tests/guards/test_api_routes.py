"""Every address below /v1 says who may use it."""

from collections.abc import Callable, Iterator

from flask import Flask
from werkzeug.routing import Rule

from app.api.answering import add_rate_limit
from app.api.guards import require_scope
from app.api.operations import Operation
from app.api.scopes import Scope, Unscoped
from app.api.sections import SECTIONS, all_operations
from app.api.shapes import Nothing
from app.factory import create_app
from app.hosted.guards import public_route
from app.runtime import Runtime

# Whether the service lives may be asked by everybody.
OPEN = {"/v1/healthz", "/v1/readyz"}
# These touch nobody's data.
NEED_NO_SCOPE = {"getToken": Unscoped.ANY_KEY, "getUtcNow": Unscoped.ANY_CALLER}


def rules(app: Flask) -> Iterator[tuple[Rule, list[Callable[..., object]]]]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/v1/"):
            blueprint = rule.endpoint.rpartition(".")[0]
            yield rule, app.before_request_funcs.get(blueprint, [])


def test_every_route_of_the_api_has_a_guard(runtime: Runtime) -> None:
    for rule, guards in rules(create_app(runtime)):
        assert guards, rule
        assert (public_route in guards) is (rule.rule in OPEN), rule


def test_every_operation_has_a_scope_and_the_guard_that_asks_for_it(runtime: Runtime) -> None:
    app = create_app(runtime)
    guarded = {
        rule.rule: app.view_functions[rule.endpoint] for rule, found in rules(app) if require_scope in found
    }
    declared = {operation.path: operation for operation in all_operations()}
    assert set(guarded) == set(declared)
    for path, view in guarded.items():
        assert isinstance(view.operation, Operation), path  # type: ignore[attr-defined]


def test_only_operations_without_data_need_no_scope() -> None:
    unscoped = {each.name: each.need for each in all_operations() if not isinstance(each.need, Scope)}
    assert unscoped == NEED_NO_SCOPE
    assert {each.need for each in all_operations() if isinstance(each.need, Scope)} == set(Scope)


def test_operations_that_change_something_need_a_scope_that_says_so() -> None:
    writing = ("create", "update", "delete", "reset", "index", "add", "remove", "cancel", "redact")
    for operation in all_operations():
        if operation.path.rsplit("/", 1)[1].startswith(writing):
            assert operation.need in {*_writing_scopes(), Scope.SIGNATURES}, operation.name


def test_no_operation_that_changes_something_can_be_a_link() -> None:
    for operation in all_operations():
        if operation.need in _writing_scopes():
            assert "GET" not in operation.methods, operation.name


def test_every_section_tells_its_rate_limit(runtime: Runtime) -> None:
    app = create_app(runtime)
    for section in SECTIONS:
        assert add_rate_limit in app.after_request_funcs[section.blueprint.name]


def test_every_parameter_is_declared() -> None:
    for operation in all_operations():
        if operation.request is not Nothing:
            assert operation.request.model_config["extra"] == "forbid", operation.name


def _writing_scopes() -> set[Scope]:
    return {scope for scope in Scope if scope.endswith(":write")}
