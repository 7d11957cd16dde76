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


def test_what_is_wrong_with_a_paste_is_told_in_the_language_of_the_page(home):
    client = home.client()
    answer = client.submit("/sockets?lang=ja", device="PC", text="nothing")
    assert "ソケットの一覧が見つかりません（テキストの先頭は「nothing」）" in answer.text
    client.post("/api/v1/reports", b'{"version": 1, "device": "PC"}')
    answer = client.submit("/sockets?lang=ja", device="PC", text="udp 0 0 0.0.0.0:5000 *:*")
    assert answer.status == 409
    assert "エージェントが動いており" in answer.text
    answer = client.submit("/sockets?lang=en", device="PC", text="udp 0 0 0.0.0.0:5000 *:*")
    assert "outranks a paste" in answer.text
