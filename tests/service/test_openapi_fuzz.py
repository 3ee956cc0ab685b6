"""Calls made up from the OpenAPI document: whatever is sent, the server neither breaks nor answers what it does not document."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from sandbox import Pool
from service.app import create_app
from service.settings import Settings
from tests.service.serving import A_PLUS_B, Serving, boxes_of, serving, settings_for

DOCUMENT = create_app(Settings(), lambda _: nullcontext()).openapi()  # type: ignore[arg-type,return-value]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


@pytest.fixture(scope="module")
def server(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = settings_for(tmp_path_factory.mktemp("data"), max_body_mb=1, max_wait_s=0.2, drain_s=0)
    with serving(boxes_of(pool, settings), settings) as running:
        httpx.put(f"{running.url}/v1/problems/a-plus-b", json=A_PLUS_B).raise_for_status()
        yield running


def test_every_call_of_the_contract_is_in_the_document() -> None:
    calls = {(operation.method.upper(), operation.path) for operation in OPERATIONS}
    assert calls >= {
        ("PUT", "/v1/problems/{problem_id}"),
        ("GET", "/v1/problems/{problem_id}"),
        ("DELETE", "/v1/problems/{problem_id}"),
        ("GET", "/v1/problems"),
        ("POST", "/v1/submissions"),
        ("POST", "/v1/submissions/batch"),
        ("GET", "/v1/submissions/{submission_id}"),
        ("DELETE", "/v1/submissions/{submission_id}"),
        ("GET", "/v1/submissions/{submission_id}/events"),
        ("POST", "/v1/run"),
        ("POST", "/v1/sessions"),
        ("GET", "/v1/sessions"),
        ("GET", "/v1/sessions/{session_id}"),
        ("DELETE", "/v1/sessions/{session_id}"),
        ("POST", "/v1/sessions/{session_id}/exec"),
        ("GET", "/v1/sessions/{session_id}/files"),
        ("PUT", "/v1/sessions/{session_id}/files/{path}"),
        ("GET", "/v1/sessions/{session_id}/files/{path}"),
        ("DELETE", "/v1/sessions/{session_id}/files/{path}"),
        ("POST", "/run_code"),
        ("GET", "/v1/languages"),
        ("GET", "/v1/workers"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.method.upper()} {operation.path}")
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_no_call_breaks_the_server(server: Serving, operation: Any, mode: schemathesis.GenerationMode) -> None:
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        if isinstance(case.body, dict):  # what is made up may be right: then it must not run for ten minutes
            case.body.pop("time_limit_s", None)
        response = case.call(base_url=server.url, timeout=60)
        case.validate_response(response, checks=CHECKS)

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        assert mode is schemathesis.GenerationMode.NEGATIVE, "nothing can be sent"  # nothing to get wrong in this call
