"""What an agent's rights do not show is said on the page, beside its device."""

import pytest

from exporter import wire
from exporter.host_report import HostReport
from tests.web.conftest import ROUTER


@pytest.mark.parametrize(
    ("path", "words"),
    [("/", "programs of other users are not named"), ("/?lang=ja", "ほかのユーザーのプログラム名")],
)
@pytest.mark.parametrize("lacks", [(), ("programs",), ("connections", "anything")])
def test_an_agent_that_sees_no_programs_of_others_says_so(home, path, words, lacks):
    home.hears("UDP connection rejected from 23.45.67.89:3478 to 203.0.113.9:51413", router=ROUTER)
    report = HostReport(version=1, device="PC", agent="knockwatch 1", lacks=lacks)
    client = home.client()
    assert client.post("/api/v1/reports", wire.encode(report)).status == 200
    assert (words in client.get(path).text) == ("programs" in lacks)


SILENT = "report no longer"
PASTED = "A paste counts for 10 minutes"
NOBODY = "None reports yet"


@pytest.mark.parametrize(("agent", "said"), [("knockwatch 1", SILENT), ("paste", PASTED)])
def test_where_no_agent_reports_now_it_is_said_whether_one_did(home, agent, said):
    client = home.client()
    assert NOBODY in client.get("/").text
    home.reports("PC", 51413, "a.exe", agent=agent)
    home.now += 3600.0
    told = client.get("/").text
    assert [words for words in (SILENT, PASTED, NOBODY) if words in told] == [said]
