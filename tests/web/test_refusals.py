"""A refusal reaches a program as JSON, and a person as a page in their language."""

from exporter.web.refusals import Refusal


def test_a_refusal_carries_its_status_and_what_it_is_about():
    refusal = Refusal(413, "refused.size", most=10)
    assert (refusal.status, refusal.key, refusal.values) == (413, "refused.size", {"most": 10})


def test_the_api_says_what_is_wrong_in_json_whatever_the_language(home):
    answer = home.client().post("/api/v1/reports?lang=ja", b"{")
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert "not JSON" in answer.json["error"]


def test_a_person_is_told_on_a_page_in_their_language(home):
    answer = home.client().submit("/sockets?lang=ja", device="PC", text="nothing")
    assert answer.status == 400
    assert "受け付けられませんでした" in answer.text
    assert "netstat" in answer.text
