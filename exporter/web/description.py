"""The API's description by OpenAPI: `openapi.yaml`, with the schemas of our records added.

What a record holds is said in its class alone. Times that an answer writes in RFC 3339 are numbers
in the record: those are named here.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from starlette.requests import Request
from starlette.responses import Response

from exporter import wire
from exporter.build import VERSION
from exporter.doctor.records import Condition, Finding
from exporter.evidence import Held, Suspect
from exporter.evidence.breakdown import Row
from exporter.explain import Answer
from exporter.host_report import HostReport
from exporter.reading.unread import Form

_FILE = Path(__file__).with_name("openapi.yaml")
_RECORDS = (Answer, Condition, Finding, Form, Held, HostReport, Row, Suspect)
_MOMENTS = {
    "Event": ("time",),
    "Form": ("last",),
    "Held": ("opened", "seen"),
    "Row": ("first", "last"),
}
_MOMENT = {"type": "string", "format": "date-time"}


@cache
def written() -> bytes:
    """Return the whole description as JSON."""
    return msgspec.json.encode(_description())


async def answer(_: Request) -> Response:
    """`GET /api/v1/openapi.json`."""
    return Response(written(), media_type="application/json")


def _description() -> dict[str, Any]:
    described: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    described["info"]["version"] = VERSION
    described["components"]["schemas"] |= _records()
    return described


def _records() -> dict[str, Any]:
    where = "#/components/schemas/{name}"
    schemas: dict[str, Any]
    _, schemas = msgspec.json.schema_components(_RECORDS, ref_template=where)
    for name, moments in _MOMENTS.items():
        for moment in moments:
            schemas[name]["properties"][moment] = _MOMENT
    report = schemas["HostReport"]["properties"]
    report["version"] = {"const": wire.VERSION}
    report["device"] = {"type": "string", "minLength": 1, "maxLength": wire.MAX_TEXT}
    schemas["SuspectRow"] = schemas.pop("Suspect")
    for field in ("number", "total"):  # they say which, and of how many: `share` does
        del schemas["SuspectRow"]["properties"][field]
        schemas["SuspectRow"]["required"].remove(field)
    return schemas
