"""What the text in front of a netfilter line says: a verdict, a rule, or neither.

The kernel logs no verdict. Firewalls put it into the log prefix, each in its own way, and
administrators write what they like; all of that is read here, from the prefix alone. In: the
prefix, without tag and uptime. Out: a Prefix. Sources: fw3 and fw4 (OpenWrt), Vyatta's
`[RULESET-RULE-LETTER]` (EdgeOS, VyOS, UniFi), and the manuals of ufw, firewalld, Shorewall and
Proxmox.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from exporter.dialects import verdict_words
from exporter.events import Kind

_LETTERS: dict[str, Kind] = {"A": "accepted", "D": "rejected", "R": "rejected", "B": "rejected"}

_BRACKET = re.compile(r"\[([^\[\]\s]++)\](?:\s*+DESCR=\"(?P<description>.*))?", re.DOTALL)

# Where the verdict stands and what names the rule; no verdict group: somewhere in the prefix.
_FLAVOURS = (
    re.compile(r"\[UFW (?P<verdict>[^\]]++)\]"),
    re.compile(r"Shorewall6?:(?P<rule>[^:\s]++):(?P<verdict>[^:\s]*+)"),
    re.compile(  # Shorewall 5.2's LOGFORMAT; people keep its example's names of zones
        r"(?P<rule>(?:net|loc|dmz|fw|lan|wan|vpn|all)(?:2|-)[a-z0-9]{1,16})[ :](?P<verdict>[A-Z]++)"
        r"[ :]*$"
    ),
    re.compile(r"_(?P<verdict>ACCEPT|DROP|REJECT): *$"),  # firewalld: filter_IN_<zone>_REJECT
    re.compile(  # Proxmox VE: guest, level, chain, stamp
        r"(?<!\S)[0-9]++ [0-9] (?P<rule>\S++) [0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} "
        r"[+-][0-9]{4}(?P<verdict>.*)"
    ),
    re.compile(r"(?P<rule>(?P<verdict>ACCEPT|DROP|REJECT)\([^()]*+\))"),  # fw3: DROP(src wan)
    re.compile(  # fw4: "reject wan in: "
        r"(?P<rule>(?P<verdict>accept|drop|reject) \S++ (?:in|out|forward|invalid ct state)): *+$",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<rule>banIP[^\s:]*+)"),
    re.compile(r"(?P<rule>(?:Accept|Allow|Block|Deny|Drop|Reject)-[^:\[\]]*+): *+$"),
)
# fw3 and fw4 log the rule's name, a colon and a blank; names in capitals are plain iptables habit.
_NAMED_RULE = re.compile(r"(?P<rule>[^:\[\]]*[a-z][^:\[\]]*): +")
_DNAT = re.compile(r"\ADST-NAT(?=-)")  # VyOS
_NO_NAMES = frozenset({"iptables", "ip6tables", "netfilter", "nftables", "firewall"})


class Prefix(NamedTuple):
    """What a log prefix says."""

    kind: Kind  # "other" when it states no verdict
    action: str | None = None  # the verdict's word, lower case; None where it is a letter
    rule: str | None = None  # as printed


@lru_cache(maxsize=4096)
def read(prefix: str) -> Prefix:
    """Read a log prefix."""
    if "[" in prefix and (found := _ruleset(prefix)):
        return found
    for flavour in _FLAVOURS:
        if found_flavour := flavour.search(prefix):
            groups = found_flavour.groupdict()
            return _verdict(groups.get("verdict", prefix), groups.get("rule"))
    if "Intrusion ->" in prefix:  # Broadcom's firewall logs only what it drops
        return Prefix("rejected")
    verdict = _verdict(prefix)
    if verdict.kind == "other" and (named := _NAMED_RULE.fullmatch(prefix)):
        return Prefix("other", rule=None if named["rule"].lower() in _NO_NAMES else named["rule"])
    return verdict


def _verdict(text: str, rule: str | None = None) -> Prefix:
    """Return the verdict of the first word that is one."""
    verdict = verdict_words.first(text)
    return Prefix(*verdict, rule) if verdict else Prefix("other", rule=rule)


def _ruleset(prefix: str) -> Prefix | None:
    """Read `[RULESET-RULE-LETTER]`, `[RULESET-LETTER-RULE]` or `[RULESET-RULE]` with a DESCR.

    The letter wins over what the description says: an accepting rule may be called "Block all".
    VyOS's state policies have no number, EdgeOS's NAT rules a word: `[NAT-5000-MASQ]`.
    """
    found = _BRACKET.search(prefix)
    if found is None:
        return None
    rule, parts = found[1], found[1].split("-")
    if len(parts) < 2:
        return None
    before, last = parts[-2:]
    if last in _LETTERS and (_is_number(before) or last != "B"):
        return Prefix(_LETTERS[last], rule=rule)
    if _is_number(before) and last.isalpha() and last.isupper():
        return _verdict(last, rule)
    if not _is_number(last):
        return None
    if len(parts) > 2 and before in _LETTERS:
        return Prefix(_LETTERS[before], rule=rule)
    described = _verdict(found["description"] or "", rule)
    return described if described.kind != "other" else _verdict(_DNAT.sub("DNAT", rule), rule)


def _is_number(part: str) -> bool:
    return part == "default" or part.isdecimal()
