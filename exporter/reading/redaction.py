"""A log line without what names anybody: the form that is left is what a dialect is written from.

A text of strangers goes in, a short one comes out in which addresses, names, quoted words, secrets
and numbers are placeholders. In doubt something is hidden: a lost word costs a question, a shown
name cannot be taken back. Pure; linear in what is looked at, which is cut first.
"""

import re
import unicodedata

MAX_READ = 1000  # characters that are looked at
MAX_SHOWN = 300  # characters of the result

# Words of firewalls: they name nobody, and without them nothing is left to recognise.
_WORDS = """
tcp udp icmp icmpv6 igmp ip ipv4 ipv6 arp dns dhcp http accept accepted allow allowed pass
passed permit permitted block blocked deny denied drop dropped reject rejected reset discard
discarded refused closed close open opened start end connection connections packet packets
session request attempt attack flood scan port ports syn ack rst fin tcp/udp firewall filter
traffic rule policy default match matched nat forward forwarded local inbound outbound
incoming outgoing in out input output wan lan dmz any none unknown internet from to on at by
for of is was has not no with invalid nonexistent illegal station user address interface
zone access-group access-list peer outside inside dropping blocking and the a up down yes
true false enabled disabled failed failure success successful logged login logout via using
info notice warning error alert critical debug low high
"""
_PLAIN = frozenset(_WORDS.split())
_OWNER = (
    r"(?:user|usr|login|account|owner|host|dvchost|ssid|essid|pass(?:word|wd|phrase)?|pwd|psk|secret"
    r"|token|cookie|session|key|imsi|imei|iccid|msisdn|serial|e?mail|domain|name|client|alias|sn"
    r"|dev(?:ice)?_?id|station|query|qh|ユーザー?|アカウント|ホスト|端末|機器|パスワード|キー)"
)
_VALUE = r"""(?:"[^"]*+"?|'[^']*+'?|[^\s,;|"'()\[\]{}]++)"""
# A key that tells of a person or a thing: `srcuser=`, `devname="…"`, `"ssid":"…"`, `ホスト名：…`.
_KEYED = re.compile(
    rf"""(?i)((?<![\w.-])[\w.-]{{0,24}}?{_OWNER}(?:[_-]?(?:name|id|no|num|number|名)s?)?\d?["']?"""
    rf"""[ \t]?[=:：]{{1,2}}[ \t]?)({_VALUE}(?:[^=|,;"\]}}]{{0,60}}?(?=[ \t][\w.-]{{1,40}}=))?)"""
)
_TOLD = re.compile(  # "login of anna", "changed by anna": what follows is a name
    r"(?i)(?<![\w-])((?:(?:user|username|account|e?ssid|host|hostname|named|client|device)"
    r"(?: name| user)?|by|(?:password|passwd|publickey|login|logon|auth\w{0,12}|access)"
    r"(?: [\w/]{1,20}){0,2} (?:for|of|from)(?: invalid)?(?: user)?) +)"
    r"([^\s,;:<>()\[\]{}\"']++)"
)
_KINDS = {
    "url": r"(?<![\w+.-])[a-z][a-z0-9+.-]{1,30}+://[^\s\"']*+",
    "mac": (r"(?<![0-9a-z])(?:(?:[0-9a-f]{4}[.:-]){2}[0-9a-f]{4}|[0-9a-f]{12})(?![0-9a-z:])"),
    "mail": r"(?<![\w.+%-])(?=[\w.+%-]*[a-z])[\w.+%-]++@[\w.-]++",
    "path": r"(?:[a-z]:)?[\\/](?:home|users|documents and settings)[\\/][^\s\"'<>|]*+",
    "kept": (  # a message's number, a level of syslog
        r"%{0,2}(?-i:[A-Z][A-Z0-9_]{1,20}-\d-(?:\d{4,6}|[A-Z][A-Z_]{2,30}\d{0,3})(?![\w-]))"
        r"|(?<![\w.-])(?:kern|user|daemon|auth|authpriv|syslog|cron|local[0-7])\.[a-z]{3,7}(?![\w.-])"
    ),
    "host": r"(?<![\w-])(?<!\w\.)(?:[\w-]++\.)+[^\W\d_]{2,24}+(?![\w-])",
    "ip": (r"(?<![0-9])\d{1,3}(?:(?:\.\d{1,3}){3}|(?:-\d{1,3}){3}|(?:_\d{1,3}){3})(?![0-9])"),
    "date": (
        r"(?<![0-9])(?:\d{4}(?:-\d\d?-|/\d\d?/|\.\d\d?\.|:\d\d?:)\d\d?"
        r"|\d\d?(?:-\d\d?-|/\d\d?/|\.\d\d?\.)\d{2,4})(?![0-9:])"
    ),
    "time": r"(?:(?<![0-9:])|(?<=[0-9])T)\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9}(?![\d.]))?)?(?![0-9:])",
    "ip6": (
        r"(?:(?<![0-9a-z])[0-9a-f]{0,4}|(?<![0-9a-f])\d[0-9a-f]{0,3})(?::[0-9a-f]{0,4}){2,7}"
        r"(?:(?:\.\d{1,3}){3})?(?:%[\w.-]{1,16})?"
    ),
    "thing": (  # as computers and telephones are named by those who own them
        r"(?<![\w-])(?:[\w']++[ _-])?(?:desktop|laptop|notebook|iphone|ipad|macbook|galaxy|pixel"
        r"|android)[\w'-]*+|(?<![\w-])[\w-]{1,32}-(?:pc|tv|phone|nas|printer)(?![\w-])"
        r"|(?<=<)(?:pppoe|pptp|l2tp|ovpn|sstp)-[^<>\s]++"
    ),
    "field": r"(?<=[{,])\"[a-z_][\w.-]{0,30}\"(?=:)",
    "text": r"\"[^\"]*+(?:\"|$)|(?<!\w)'[^']*+(?:'|$)|“[^”]*+”?|「[^」]*+」?|『[^』]*+』?",
    "word": r"[0-9a-z]++",
}
_STATION = re.compile(r"(?i)(?:[0-9a-f]{1,2}[:-]){5,19}[0-9a-f]{1,2}")  # whatever is glued to it
_HIDDEN = re.compile(
    "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.IGNORECASE
)
_STAND_INS = {
    "ip": "192.0.2.1",
    "mac": "00:00:5e:00:53:01",
    "mail": "x@example.com",
    "name": "x",
    "number": "1",
    "text": "x",
    "url": "http://example.com/",
    "path": "/home/x",
    "date": "2026-11-10",
    "time": "23:04:06",
}
_PLACE = re.compile(f"<({'|'.join(_STAND_INS)})>")
_QUOTES = "\"'“”「」『』"
_SHORT = {"host": "name", "thing": "name", "ip6": "ip"}
# What stands beside an address is the name of whose it is: `<ip> (laptop)`, `gate[<ip>]`.
_BESIDE = re.compile(
    r"((?:<ip>|<mac>)(?:[:/]<number>)? ?[(\[{])[^<>]{1,64}?(?=[)\]}](?:[\s,.;:]|$)|[)\]}]?$)"
)
_BEFORE = re.compile(r"(?<![\w.-])[\w.-]{1,64}(?=\[<ip>)")
_BEHIND = re.compile(r"(?<=<mac> )[^\s<>()\[\]{}]{1,64}(?=[.,;]?$)")


def redacted(text: str) -> str:
    """Return the form of a line: at most MAX_SHOWN characters that name nobody."""
    whole = len(text) <= MAX_READ
    if not whole:  # half an address at the end would not be seen as one
        text = text[:MAX_READ].rpartition(" ")[0]
    text = _KEYED.sub(_keyed, text)
    text = _TOLD.sub(_told, text)
    text = _STATION.sub("<mac>", text)
    text = _HIDDEN.sub(_placeholder, text)
    text = _BESIDE.sub(r"\1<name>", text)
    text = _BEFORE.sub("<name>", text)
    text = _BEHIND.sub("<name>", text)
    text = "".join(map(_visible, text[: MAX_SHOWN + 1]))
    if whole and len(text) <= MAX_SHOWN:
        return text
    return text[: MAX_SHOWN - 1] + "…"


def filled(form: str) -> str:
    """Return a form with something of nobody's in each place, to compare it with other lines."""
    return _PLACE.sub(lambda place: _STAND_INS[place[1]], form)


def _keyed(found: re.Match[str]) -> str:
    key, value = found.groups()
    quote = value[0] if value[0] in "\"'" else ""
    return f"{key}{quote}<name>{quote}"


def _told(found: re.Match[str]) -> str:
    before, name = found.groups()
    return found[0] if name.casefold() in _PLAIN else f"{before}<name>"


def _placeholder(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found[0]
    if kind in ("kept", "field"):
        return text
    if kind == "word":
        return "<number>" if _is_number(text) else text
    if kind == "text":
        return _quoted(text)
    return f"<{_SHORT.get(kind or '', kind)}>"


def _quoted(text: str) -> str:
    inside = text.strip(_QUOTES)
    plain = all(word.casefold().strip(".,:;") in _PLAIN for word in inside.split())
    if plain or inside == "<name>":
        return text
    found = _HIDDEN.fullmatch(inside)
    shown = _placeholder(found) if found and found.lastgroup != "text" else "<text>"
    if shown == inside:
        shown = "<text>"
    return f"{text[0]}{shown}{text[-1] if text[-1] in _QUOTES else ''}"


def _is_number(word: str) -> bool:
    """Tell whether a word of letters and digits is a number, or holds one that could tell whose."""
    digits = sum(map(str.isdigit, word))
    hexadecimal = len(word) > 3 and not word.lower().strip("0123456789abcdefx")
    return digits == len(word) or digits > 3 or (digits > 0 and hexadecimal)


def _visible(character: str) -> str:
    """Return a control character as its picture; what hides or reorders others is replaced."""
    if character.isprintable():
        return character
    if character < " ":
        return chr(0x2400 + ord(character))
    return " " if unicodedata.category(character) == "Zs" else "\ufffd"
