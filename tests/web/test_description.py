"""The API's description is true: every operation of it is there, and answers as it says."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter import web
from exporter.web import description
from tests.system.parts.founding import DEVICE, PROCESS, flood, line, message
from tests.web.conftest import NOW, Home

DESCRIBED = json.loads(description.written())
OPERATIONS = [(method, path) for path, item in DESCRIBED["paths"].items() for method in item]
# With values that the description allows; with others, where it asks for any at all.
ASKED = [
    (method, path, mode)
    for method, path in OPERATIONS
    for mode in GenerationMode
    if mode.is_positive or {"parameters", "requestBody"} & DESCRIBED["paths"][path][method].keys()
]
EXAMPLES = 15  # of each
load_all_checks()
CONFORMS = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


def nearby(app: ASGIApp) -> ASGIApp:
    """Return an application whose clients are all of this home, under a name that is ours."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        others = [header for header in scope.get("headers", ()) if header[0] != b"host"]
        headers = [*others, (b"host", b"knockwatch.local:10151")]
        await app({**scope, "client": ("192.168.1.20", 50000), "headers": headers}, receive, send)

    return asked


@pytest.fixture
def lived(home: Home) -> Home:
    """Return a home in which something happened, so that answers have contents."""
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(20), message("198.51.100.1:999", 23, "TCP"), "<5>gate: who knows <b>me</b>")
    home.hears(line("23.45.67.89:3478"), router="192.168.1.2")
    home.decides()
    return home


@pytest.fixture
def schema(lived: Home) -> schemathesis.BaseSchema:
    """Return the description, with the application that it is asked of."""
    described = schemathesis.openapi.from_dict(DESCRIBED)
    described.app = nearby(lived.client().app)
    return described


def routed(home: Home) -> set[tuple[str, str]]:
    """Return what the application answers below /api/."""
    return {
        (method.lower(), route.path.replace(":path}", "}"))
        for route in web.create(home.service).routes
        if isinstance(route, Route) and route.path.startswith("/api/")
        for method in route.methods or ()
        if method != "HEAD"
    }


def test_every_path_of_the_api_is_described_and_no_other(home):
    assert set(OPERATIONS) == routed(home)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v1/suspects", {}),
        ("/api/v1/decisions", {"period": "day"}),
        ("/api/v1/decisions", {"at": str(int(NOW)), "device": DEVICE, "lang": "ja"}),
        ("/api/v1/devices", {}),
        ("/api/v1/devices", {"address": "192.168.1.20"}),
        ("/api/v1/explain", {"line": line("23.45.67.89:3478")}),
        ("/api/v1/explain", {"line": "nobody knows me"}),
        ("/api/v1/unread", {}),
        ("/api/v1/doctor", {}),
    ],
)
def test_answers_with_contents_are_as_described(schema, path, query):
    case = schema[path]["GET"].Case(query=query)
    answer = case.call(app=schema.app)
    assert answer.status_code == 200
    case.validate_response(answer, checks=CONFORMS)


@pytest.mark.thorough
def test_a_report_as_described_is_taken(schema):
    socket = {"transport": "udp", "local_ip": "0.0.0.0", "local_port": 51413, "process": PROCESS}
    report = {"version": 1, "device": "NAS", "sockets": [socket], "unknown": "ignored"}
    case = schema["/api/v1/reports"]["POST"].Case(body=report, media_type="application/json")
    answer = case.call(app=schema.app)
    assert answer.json() == {"device": "NAS", "sockets": 1}
    case.validate_response(answer, checks=CONFORMS)


@pytest.mark.thorough
@pytest.mark.parametrize(("method", "path", "mode"), ASKED)
def test_no_request_is_answered_by_a_failure_of_ours(lived, schema, method, path, mode):
    strategy = schema[path][method.upper()].as_strategy(mode)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case):
        lived.now += 1.0
        case.validate_response(case.call(app=schema.app), checks=CONFORMS)

    ask()
