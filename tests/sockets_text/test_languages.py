"""`netstat -abno` of Windows in many languages, as a console of that language writes it to a file.

Only headings, some states and sentences are translated: rows are the same, and so is their meaning.
"""

from typing import NamedTuple

import pytest

from exporter.host_report import Socket
from exporter.sockets_text import UnreadableText, read


class Console(NamedTuple):
    code_page: str
    title: str
    heading: str
    nobody: str  # "Can not obtain ownership information"
    refusal: str  # "The requested operation requires elevation."
    states: tuple[str, str, str] = ("LISTENING", "ESTABLISHED", "TIME_WAIT")


CONSOLES = {
    "en": Console(
        "cp437",
        "Active Connections",
        "Proto  Local Address          Foreign Address        State           PID",
        "Can not obtain ownership information",
        "The requested operation requires elevation.",
    ),
    "de": Console(
        "cp850",
        "Aktive Verbindungen",
        "Proto  Lokale Adresse         Remoteadresse          Status           PID",
        "Es konnten keine Besitzerinformationen abgerufen werden.",
        "Der angeforderte Vorgang erfordert erhöhte Rechte.",
        ("ABHÖREN", "HERGESTELLT", "WARTEND"),
    ),
    "fr": Console(
        "cp850",
        "Connexions actives",
        "Proto  Adresse locale         Adresse distante       État",
        "Impossible d'obtenir les informations de propriétaire",
        "L'opération demandée nécessite une élévation.",
    ),
    "es": Console(
        "cp850",
        "Conexiones activas",
        "Proto  Dirección local          Dirección remota        Estado           PID",
        "No se puede obtener información de propiedad",
        "La operación solicitada requiere elevación.",
    ),
    "it": Console(
        "cp850",
        "Connessioni attive",
        "Proto  Indirizzo locale          Indirizzo esterno        Stato           PID",
        "Impossibile ottenere informazioni sulla proprietà",
        "L'operazione richiesta richiede l'esecuzione con privilegi elevati.",
    ),
    "pt": Console(
        "cp850",
        "Conexões ativas",
        "Proto  Endereço local          Endereço externo        Estado           PID",
        "Não é possível obter informações de propriedade",
        "A operação solicitada requer elevação.",
    ),
    "ru": Console(
        "cp866",
        "Активные подключения",
        "Имя    Локальный адрес        Внешний адрес          Состояние       PID",
        "Не удается получить сведения о владельце",
        "Запрошенная операция требует повышения.",
    ),
    "pl": Console(
        "cp852",
        "Aktywne połączenia",
        "Protokół  Adres lokalny          Obcy adres             Stan            PID",
        "Nie można uzyskać informacji o własności",
        "Żądana operacja wymaga podniesienia uprawnień.",
        ("NASŁUCHIWANIE", "USTANOWIONO", "CZAS_OCZEKIWANIA"),
    ),
    "ja": Console(
        "cp932",
        "アクティブな接続",
        "プロトコル  ローカル アドレス          外部アドレス        状態           PID",
        "所有者情報を取得できません",
        "要求された操作には管理者特権が必要です。",
    ),
    "zh-CN": Console(
        "cp936",
        "活动连接",
        "协议  本地地址          外部地址        状态           PID",
        "无法获取所有权信息",
        "请求的操作需要提升。",
    ),
    "zh-TW": Console(
        "cp950",
        "使用中連線",
        "協定   本機位址               外部位址               狀態            PID",
        "無法取得擁有權資訊",
        "要求的作業需要提升的權限。",
    ),
    "ko": Console(
        "cp949",
        "활성 연결",
        "프로토콜  로컬 주소           외부 주소              상태            PID",
        "소유권 정보를 가져올 수 없습니다.",
        "요청한 작업을 수행하려면 권한 상승이 필요합니다.",
    ),
}

SOCKETS = (
    Socket(transport="tcp", local_ip="0.0.0.0", local_port=135, state="listen",
           process="svchost.exe (RpcSs)", pid=1016),
    Socket(transport="tcp", local_ip="0.0.0.0", local_port=445, state="listen", pid=4),
    Socket(transport="tcp", local_ip="192.168.1.20", local_port=50100, remote_ip="198.51.100.7",
           remote_port=443, state="established", process="netsession_win.exe", pid=5120),
    Socket(transport="tcp", local_ip="192.168.1.20", local_port=50101, remote_ip="198.51.100.8",
           remote_port=443, state="time_wait"),
    Socket(transport="tcp", local_ip="::", local_port=445, state="listen", pid=4),
    Socket(transport="udp", local_ip="0.0.0.0", local_port=51413,
           process="netsession_win.exe", pid=5120),
)  # fmt: skip
IN_OTHER_WORDS = {"pl": {"established": "ustanowiono", "time_wait": "czas_oczekiwania"}}


def printed(console: Console) -> str:
    listening, established, waiting = console.states
    return "\r\n".join([
        "",
        console.title,
        "",
        f"  {console.heading}",
        f"  TCP    0.0.0.0:135            0.0.0.0:0              {listening:15} 1016",
        "  RpcSs",
        " [svchost.exe]",
        f"  TCP    0.0.0.0:445            0.0.0.0:0              {listening:15} 4",
        f" {console.nobody}",
        f"  TCP    192.168.1.20:50100     198.51.100.7:443       {established:15} 5120",
        " [netsession_win.exe]",
        f"  TCP    192.168.1.20:50101     198.51.100.8:443       {waiting:15} 0",
        f"  TCP    [::]:445               [::]:0                 {listening:15} 4",
        f" {console.nobody}",
        "  UDP    0.0.0.0:51413          *:*                                    5120",
        " [netsession_win.exe]",
        "",
    ])  # fmt: skip


@pytest.mark.parametrize("language", CONSOLES)
@pytest.mark.parametrize("encoding", ["console", "utf-8", "utf-16"])
def test_rows_say_the_same_in_every_language(language, encoding):
    console = CONSOLES[language]
    text = printed(console)
    data = text.encode(console.code_page if encoding == "console" else encoding)
    report = read(data, "pc")
    assert report.addresses == ("192.168.1.20",)
    words = IN_OTHER_WORDS.get(language, {})
    for socket, expected in zip(report.sockets, SOCKETS, strict=True):
        known = socket.state == expected.state or socket.state == words.get(expected.state or "")
        assert known or encoding == "console"  # a word that the code page mangled
        assert (socket.local_ip, socket.local_port) == (expected.local_ip, expected.local_port)
        assert (socket.remote_ip, socket.remote_port) == (expected.remote_ip, expected.remote_port)
        assert (socket.process, socket.pid) == (expected.process, expected.pid)
        assert (socket.state == "listen") == (expected.state == "listen")


@pytest.mark.parametrize("language", CONSOLES)
@pytest.mark.parametrize("encoding", ["console", "utf-8", "utf-16"])
def test_a_refusal_is_understood_in_every_language(language, encoding):
    console = CONSOLES[language]
    text = f"{console.refusal}\r\n"
    data = text.encode(console.code_page if encoding == "console" else encoding)
    with pytest.raises(UnreadableText, match="needs an administrator"):
        read(data, "pc")


def test_a_refusal_that_was_pasted_is_understood_too():
    for console in CONSOLES.values():
        with pytest.raises(UnreadableText, match="needs an administrator"):
            read(console.refusal, "pc")
