"""How large a simulated fleet is, and what happens to it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """How large it is."""

    sites: int = 1000
    minutes: float = 10.0
    rate: float = 2.0  # lines a second of a home, on average
    relays: int = 3  # of a provider
    own: int = 2  # that are of one site alone
    partitions: int = 12
    workers: int = 2  # at the beginning
    scrape: str = "15s"
    seed: int = 1
    calm: bool = False  # nothing happens but lines and reports
