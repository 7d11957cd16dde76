"""Why no socket can be read from a text, and what to do instead, in both languages.

In go the lines and what of them was recognised, out comes a text to show.
"""

from exporter.knowledge.records import Text

_COMMANDS = Text(
    en=(
        "`netstat -ano -b` (Windows, in a prompt opened as administrator), `sudo ss -tunap` "
        "(Linux), `sudo lsof -i -nP` (macOS) or `Get-NetUDPEndpoint | ConvertTo-Json` "
        "(PowerShell); of a router that of `conntrack -L`, `pfctl -ss`, "
        "`/ip firewall connection print detail` (MikroTik) or `show ip nat translations` (Cisco)"
    ),
    ja=(
        "Windows は管理者として開いたコマンドプロンプトで `netstat -ano -b`、Linux は "
        "`sudo ss -tunap`、macOS は `sudo lsof -i -nP`、PowerShell は "
        "`Get-NetUDPEndpoint | ConvertTo-Json`。ルーターでは `conntrack -L`、`pfctl -ss`、"
        "`/ip firewall connection print detail`（MikroTik）、`show ip nat translations`（Cisco）"
    ),
)

UNTRANSLATED = Text(
    en=(
        "this table of a router shows no translated address, so it does not tell which device a "
        "port belongs to: on MikroTik repeat the command with `detail`, elsewhere run it on the "
        "router that translates the addresses (NAT), and not for IPv6 alone"
    ),
    ja=(
        "このルーターの表には変換後のアドレスがないため、ポートがどの機器のものか分かりません。"
        "MikroTik では `detail` を付けて実行し直し、それ以外ではアドレス変換（NAT）をしている"
        "ルーターで、IPv6 だけに絞らずに実行してください"
    ),
)

REFUSED = Text(
    en=(
        "Windows refused, because `netstat -b` needs an administrator: open the prompt with "
        '"Run as administrator" and repeat `netstat -ano -b`, or paste the output of '
        "`netstat -ano` together with that of `tasklist /svc /fo csv`"
    ),
    ja=(
        "`netstat -b` には管理者権限が必要なため、Windows が実行を拒否しました。「管理者として"
        "実行」で開いたコマンドプロンプトで `netstat -ano -b` を実行し直すか、`netstat -ano` と "
        "`tasklist /svc /fo csv` の出力を一緒に貼り付けてください"
    ),
)


class UnreadableText(ValueError):
    """No socket can be read from the text; the message says why and what to do instead."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def too_long(most: int) -> Text:
    """Return what to say of a text with more lines than are looked at."""
    return Text(
        en=f"the text has more than {most:,} lines: paste one host's only",
        ja=f"テキストが{most:,}行を超えています。1台分だけ貼り付けてください",
    )


def complaint(lines: list[str], *, rows: bool, programs: bool) -> Text:
    """Return what is wrong with lines that hold no socket."""
    if not lines:
        return Text(
            en=f"the text is empty: paste the output of {_COMMANDS.en}",
            ja=f"テキストが空です。次のコマンドの出力を貼り付けてください: {_COMMANDS.ja}",
        )
    if rows:
        return Text(
            en=(
                "the list has no row with a local address and port in numbers: repeat the command "
                "with -n (netstat, ss) or -nP (lsof)"
            ),
            ja=(
                "一覧に、ローカルアドレスとポートが数字で書かれた行がありません。-n（netstat、ss）"
                "または -nP（lsof）を付けて実行し直してください"
            ),
        )
    if programs:
        return Text(
            en="this is a list of programs only: add the output of `netstat -ano` to it",
            ja="プログラムの一覧しかありません。`netstat -ano` の出力も一緒に貼り付けてください",
        )
    shown = "".join(filter(str.isprintable, lines[0].strip()[:60]))
    return Text(
        en=f'no list of sockets was found (the text begins with "{shown}"): paste {_COMMANDS.en}',
        ja=(
            f"ソケットの一覧が見つかりません（テキストの先頭は「{shown}」）。"
            f"次のコマンドの出力を貼り付けてください: {_COMMANDS.ja}"
        ),
    )
