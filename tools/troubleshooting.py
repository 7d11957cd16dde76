"""docs/troubleshooting.md, in both languages: what the doctor says at each hop, and what to do.

From the doctor's own phrases, in the order of a line's way, so that the page knows no more and no
less than the command.
"""

import re

from exporter.doctor.hops import HOPS
from exporter.explanation.words import PHRASES, Language, phrase

# Before the hops of the exporter itself the command looks whether it can be reached at all.
ORDER = ("serve", "listener", *(name for name, _ in HOPS if name != "serve"))
BEFORE: dict[Language, str] = {
    "en": """\
`knockwatch doctor` asks the running exporter and walks the way of a line, from the router to the
scrape. The first hop that fails is the one to mend: what lies behind it cannot be well.
`knockwatch doctor --url http://SERVER:10151` asks from another computer, so that the firewall
between them is tried, too. The page shows the same, and so does `GET /api/v1/doctor`. It exits with
0 when there is nothing to do.

| started by | ask | its log |
|---|---|---|
| Docker | `docker compose exec exporter knockwatch doctor` | `docker compose logs exporter` |
| systemd | `knockwatch doctor` | `journalctl -u knockwatch` |
| `make run` | `.venv/bin/knockwatch doctor` | that terminal |

All is well, and yet a device has no name? `knockwatch explain` or the page's box tells for one line
[what was missing](../README.md#how-a-name-is-found-and-when-it-is-not).

Words in capitals stand for what is yours.""",
    "ja": """\
`knockwatch doctor` は、動いている knockwatch に問い合わせ、ルーターから監視サーバーまでの
ログの通り道を順に調べます。最初に失敗した段階から直してください。手前が直るまで、その先は正しく動きません。
別のパソコンから `knockwatch doctor --url http://SERVER:10151` を実行すると、
途中のファイアウォールも確かめられます。同じ内容は、ページと `GET /api/v1/doctor` でも見られます。
直すところがなければ、終了コードは 0 です。

| 起動の方法 | 診断 | プログラムのログ |
|---|---|---|
| Docker | `docker compose exec exporter knockwatch doctor` | `docker compose logs exporter` |
| systemd | `knockwatch doctor` | `journalctl -u knockwatch` |
| `make run` | `.venv/bin/knockwatch doctor` | 起動した画面 |

すべて ok なのに機器の名前が出ないときは、`knockwatch explain` かページの欄で一行を調べると、
[何が足りないか](../README.ja.md#名前が分かるとき分からないとき)が分かります。

大文字の言葉は、お使いの環境に合わせて読み替えてください。""",
}
TITLE: dict[Language, str] = {
    "en": "Troubleshooting, hop by hop",
    "ja": "困ったときは（ログの通り道を順に確かめる）",
}
COLUMNS: dict[Language, str] = {
    "en": "| it says | do this |",
    "ja": "| 表示される内容 | 対処 |",
}


def page(language: Language) -> str:
    """Every phrase of the doctor that asks for something, hop by hop."""
    parts = [f"# {TITLE[language]}", BEFORE[language]]
    for number, hop in enumerate(ORDER, 1):
        rows = [COLUMNS[language], "|---|---|"]
        for topic in topics(hop):
            key = f"doctor.{hop}.{topic}"
            told, step = (shown(phrase(language, each)) for each in (key, f"{key}.step"))
            rows.append(f"| {told} | {step} |")
        heading = f"## {number}. {phrase(language, f'doctor.{hop}')}"
        parts += [heading, "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def topics(hop: str) -> list[str]:
    """The findings of a hop with something to do, in the order of the phrases."""
    found = (re.fullmatch(rf"doctor\.{hop}\.(\w+)\.step", key) for key in PHRASES["en"])
    return [match[1] for match in found if match]


def shown(text: str) -> str:
    """A phrase with its variables as a reader writes them."""
    whole = re.sub(r"(?<=[.。])\{sample\}", "", text)  # a sentence of its own
    return re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), whole).replace("|", "\\|")
