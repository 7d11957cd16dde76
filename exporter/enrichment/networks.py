"""Name the network behind an address: AS number, organisation, kind and country.

In: canonical addresses. Out: `Network`s. Decided in this order: special ranges (private, reserved),
ranges of known scanners, the table of AS numbers; the kind comes from the curated list, and only
for networks that are not on it from the words of the registered name. A name alone never makes a
network harmless: AS63949 is registered to Akamai and is the Linode cloud. The country is that of
the registration, which is not where the packet began.
"""

import re
from collections.abc import Collection, Iterable

from exporter.addresses import CACHED, Prefixes, canonical
from exporter.enrichment.asn import Registration, Table, embedded
from exporter.events import Network
from exporter.knowledge import KnownNetworks

UNKNOWN = Network("unknown")
_PRIVATE_KINDS = frozenset({"private", "link_local", "loopback", "cgnat"})

# All three kinds are read as "unknown" by `causes`: a guess must not acquit anybody.
_KIND_BY_NAME = (
    ("education", re.compile(r"\b(?:universit|institute|college|school)", re.IGNORECASE)),
    ("hosting", re.compile(r"hosting|\b(?:servers?|cloud|vps|data ?cent)", re.IGNORECASE)),
    (
        "isp",
        re.compile(r"tele(?:com|kom|fonica)|broadband|\b(?:cable|mobile|communica)", re.IGNORECASE),
    ),
)


class Networks:
    """Answers who an address is registered to; remembers the latest answers."""

    def __init__(
        self,
        known: KnownNetworks,
        table: Table | None = None,
        special: Iterable[tuple[str, str]] | None = None,
    ):
        """Use `table` in place of the embedded one, and `special` in place of the known ranges.

        `special` pairs prefixes with kinds (`private`, `documentation`, … of networks.yaml).
        Raises ValueError naming a prefix that is not one.
        """
        self._known = known
        self._table: Table = embedded() if table is None else table
        if special is None:
            special = [(entry.prefix, entry.kind) for entry in known.special]
        self._special = Prefixes(special)
        self._scanners = Prefixes(
            (prefix, scanner.org) for scanner in known.scanners for prefix in scanner.prefixes
        )
        self._registered: dict[str, Network] = {}  # by AS number: no more than the table has
        self._found: dict[str, Network] = {}  # by address, at most CACHED
        self._shared: dict[Network, Network] = {}  # few records, which stay in a processor's cache

    def look_up(self, ip: str) -> Network:
        """Return the network of an address; `unknown` when there is none or no address."""
        network = self._found.get(ip)
        if network is None:
            if len(self._found) >= CACHED:
                self._found.clear()
                self._shared.clear()
            network = self._look_up(ip)
            network = self._found[ip] = self._shared.setdefault(network, network)
        return network

    def look_up_each(self, ips: Collection[str]) -> dict[str, Network]:
        """Return the network of each address, as `look_up` does."""
        try:
            return dict(zip(ips, map(self._found.__getitem__, ips), strict=True))
        except KeyError:
            return {ip: self.look_up(ip) for ip in ips}

    def registered(self, asn: str) -> Network:
        """Return what is known of a whole network (`AS20940`), whoever uses one of its prefixes.

        This is what may stand beside `source_asn` in `network_info`: one row for each network.
        """
        network = self._registered.get(asn)
        if network is None:
            number = asn.removeprefix("AS")
            if not asn.startswith("AS") or not number.isdecimal():
                return Network(asn)
            network = self._whole(Registration(int(number), "", ""))
        return network

    @property
    def table(self) -> Table:
        """The table of AS numbers that is in use."""
        return self._table

    @property
    def sources(self) -> tuple[str, ...]:
        """The data sets behind the answers, with their versions: the page names them."""
        return tuple(self._table.sources)

    def use(self, other: "Networks") -> None:
        """Know what another one knows; the table stays, which is read in its own time."""
        self._known, self._special, self._scanners = other._known, other._special, other._scanners
        self.replace_table(self._table)

    def replace_table(self, table: Table) -> None:
        """Answer from another table from now on."""
        self._table = table
        self._registered.clear()
        self._found.clear()
        self._shared.clear()

    def _look_up(self, ip: str) -> Network:
        if canonical(ip) is None:
            return UNKNOWN
        special = self._special.look_up(ip)
        if special is not None:
            asn = "private" if special in _PRIVATE_KINDS else "reserved"
            return Network(asn, special.replace("_", " "), special)
        registration = self._table.look_up(ip)
        whole = self._whole(registration)
        scanner = self._scanners.look_up(ip)
        name, kind = (whole.name, whole.kind) if scanner is None else (scanner, "scanner")
        return Network(whole.asn, name, kind, registration.country)

    def _whole(self, registration: Registration) -> Network:
        if not registration.asn:
            return UNKNOWN
        asn = f"AS{registration.asn}"
        network = self._registered.get(asn)
        if network is None or (registration.organisation and not network.name):
            known = self._known.asns.get(registration.asn)
            if known is not None:
                network = Network(asn, known.org, known.kind)
            else:
                name = registration.organisation or self._table.organisation(registration.asn)
                network = Network(asn, name, _kind_by_name(name))
            self._registered[asn] = network
        return network


def _kind_by_name(name: str) -> str:
    return next((kind for kind, words in _KIND_BY_NAME if words.search(name)), "unknown")
