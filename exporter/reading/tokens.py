"""The parts of a line that may vary from one packet to the next: numbers, addresses, stamps.

A line goes in, its tokens come out; and of a token the other texts by which it is tried what it
says, and the pattern of all texts that may stand in its place.
"""

import re
from random import Random
from typing import NamedTuple

from exporter.syslog.blocks import PORT, Role
from exporter.syslog.stamps import ZONE

MAX_TOKENS = 64  # of a line; what stands behind them stays as it is
WIDE = 10  # digits that a number may have where it may have more or fewer than it has

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
_HEXADECIMAL = "[0-9a-f]{4}"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_TOKEN = re.compile(
    rf"(?P<stamp>{_MONTH} [ 0-9][0-9] (?:[0-9]{{4}} )?{_CLOCK}(?: 20[0-9]{{2}}(?![0-9]))?"
    rf"(?:{ZONE})?"
    rf"|[0-9]{{4}}[-/:][0-9]{{2}}[-/:][0-9]{{2}}[-Tt ]{_CLOCK}(?:{ZONE})?"
    rf"|(?<![0-9:.])(?:{_CLOCK}(?![0-9:])|[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}(?![-/0-9])))"
    r"|(?P<fixed>^<[0-9]{1,3}>|(?:[0-9A-Fa-f]{2}[:-]){5,31}[0-9A-Fa-f]{2})"  # PRI, stations
    # Where an address is registered: country="…", country=DEU; behind Palo Alto's action flags.
    # No name holds "|", ":" or "=": by these a line may be of another dialect.
    r"|(?<=country=\")(?P<quoted>[^\"|:=]{0,60})(?=\")|(?<=country=)(?P<code>[A-Z0-9]{2,3})(?![\w\"])"
    r"|(?<=0x[0-9a-f]{16},)(?P<pair>[^,\"|:=]{1,60},[^,\"|:=]{1,60})(?=,)"
    r"|(?P<ip>(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]))"
    r"|(?P<hex>(?<![0-9A-Za-z])0x[0-9A-Fa-f]{1,16}(?![0-9A-Za-z]))"
    r"|(?P<number>(?<![0-9A-Za-z_])[0-9]{1,20}(?![0-9A-Za-z_]))"
    r"|(?P<port>(?<==)[0-9a-f]{4}(?![0-9A-Za-z_]))"  # hexadecimal
    r"|(?P<dump>(?<![0-9A-Za-z_])[0-9A-F]{8,1000}(?![0-9A-Za-z_]))"  # as of a TCP header's options
)
_OTHERS = {  # for what has no role: the pattern, and odd texts
    "hex": ("0x[0-9A-Fa-f]{1,16}+", ("0x5a", "0x0", "0xffffffff", "0xA")),
    "port": (_HEXADECIMAL, ("9c41", "0000", "ffff")),
    "dump": ("[0-9A-F]{8,1000}+", ("5A" * 20, "0000000A", "0" * 1000, "12345678")),
    "quoted": (r"[^\"|:=\x00-\x1f]{0,60}+", ("France", "", "Korea, Republic of", "deny", "Accept")),
    "code": ("[A-Z0-9]{2,3}+", ("FR", "DEU", "R1")),
    "pair": (
        r"[^,\"|:=\x00-\x1f]{1,60}+,[^,\"|:=\x00-\x1f]{1,60}+",
        ("France,US", "10.0.0.0-10.255.255.255,deny", "Accept,Hong Kong"),
    ),
}
_NUMBERS = {
    "ip": ("9.87.65.43", "9.87.65.44"),
    "number": ("40961", "40962"),
}
_YEAR = "1999"  # any number behind a stamp may be taken for one
_PORTS: tuple[tuple[Role, int], ...] = (
    *(("source_port", 10), ("port", 10)),
    *(("source_port", 16), ("port", 16)),
)
ROLES: dict[str, tuple[tuple[Role, int], ...]] = {  # what they may say, and its base
    "stamp": (("stamp", 10),),
    "ip": (("source", 10), ("destination", 10)),
    "number": _PORTS,
    "port": _PORTS[2:],
}


class Token(NamedTuple):
    """What may vary in a line, and how."""

    begin: int
    end: int
    kind: str
    text: str
    role: Role | None = None
    base: int = 10  # to which a port is printed
    wide: bool = True  # a number may have more or fewer digits
    zero: bool = True  # a port may be 0

    @property
    def other(self) -> str:
        """Another text, of as many characters if it is a number."""
        if self.kind == "stamp":
            return _moment(self.text, Random(1), real=True)  # noqa: S311 - no secret
        if self.kind == "number" and len(self.text) != 5:
            return self.text.translate(str.maketrans("0123456789", "1234567812"))
        texts = _NUMBERS.get(self.kind) or _OTHERS[self.kind][1]
        return texts[0] if self.text != texts[0] else texts[1]

    def odd(self, chance: Random, number: int) -> str:
        """A text that tries the bounds of what may stand there: that of one of several rounds."""
        if self.role in ("source_port", "port"):
            port = chance.choice((0, 1, 53, 9999, 10_000, 65_535, chance.randrange(65_536)))
            port = port or int(not self.zero)
            return str(port) if self.base == 10 else f"{port:04x}"
        if self.kind == "ip":
            first = chance.choice((1, 9, 23, 104, 223) if self.role else (0, 10, 99, 192, 255))
            return f"{first}." + ".".join(chance.choice(("0", "1", "77", "255")) for _ in range(3))
        if self.kind in _OTHERS:
            return chance.choice(_OTHERS[self.kind][1])
        if self.kind == "stamp":
            real = self.role is not None or chance.random() < 0.8
            return _moment(self.text, chance, real=real)
        if number == 0 and (self.wide or len(self.text) == len(_YEAR)):
            return _YEAR
        digits = "".join(chance.choices("0123456789", k=max(WIDE, len(self.text)) - 1))
        digits = f"{number % 10}{digits}"
        if not self.wide:
            return digits[: len(self.text)]
        return chance.choice(("0", "65536", digits, digits[: chance.randrange(1, WIDE)]))

    def pattern(self, behind: str) -> str:
        """The pattern of what may stand there; `behind` is the character that follows."""
        if self.role in ("source_port", "port"):
            nonzero = "" if self.zero else r"(?!0+(?![0-9a-f]))"
            return nonzero + (PORT if self.base == 10 else _HEXADECIMAL)
        if self.kind == "ip":
            if self.role is None:
                return rf"(?:{_OCTET}\.){{3}}{_OCTET}"
            return r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}" if behind == "." else "[0-9.]++"
        if self.kind in _OTHERS:
            return _OTHERS[self.kind][0]
        if self.kind == "stamp":
            # Of a stamp that says the time it is seen anyway whether it is one.
            month = "[A-Z][a-z]{2}" if self.role else _MONTH
            head = f"{month} [ 0-9][0-9]" if self.text[0].isalpha() else ""
            rest = re.escape(self.text[6 * bool(head) :])
            return head + re.sub("[0-9]++", lambda found: f"[0-9]{{{len(found[0])}}}", rest)
        most = max(WIDE, len(self.text))
        return f"[0-9]{{1,{most}}}+" if self.wide else f"[0-9]{{{len(self.text)}}}"


def tokens(line: str) -> list[Token]:
    """The tokens of a line, in their order."""
    found = [one for one in _TOKEN.finditer(line) if one.lastgroup != "fixed"]
    return [Token(*one.span(), one.lastgroup or "", one[0]) for one in found[:MAX_TOKENS]]


def _moment(stamp: str, chance: Random, *, real: bool) -> str:
    """Another stamp that is printed like one; of no moment that there is unless it must be real."""
    month = chance.choice(("Jan", "Nov"))
    day, second = chance.choice((10, 28)), chance.choice((0, 41, 59))  # few: reading one is slow
    if not real:
        day = second = 99
    clock = f"{chance.choice((0, 9, 23)):02}:17:{second:02}"
    stamp = re.sub(f"{_MONTH} ..", f"{month} {day}", stamp)
    stamp = re.sub("([0-9]{4}[-/:])[0-9]{2}([-/:])[0-9]{2}", rf"\g<1>03\g<2>{day}", stamp)
    return re.sub("(?<![0-9])[0-9]{2}:[0-9]{2}:[0-9]{2}", clock, stamp, count=1)
