"""What of a shard the changelog does not hold yet."""

from exporter.fleet.changelog import Key, Row

Changes = dict[Key, tuple[float, float, float]]


class Due:
    """What is to be stored, by the names of sites and of what they are counted under."""

    def __init__(self) -> None:
        self.sites: set[str] = set()
        self.labels: set[str] = set()
        self.removals: list[Row] = []
        self.changes: dict[str, tuple[Changes, list[Key]]] = {}  # by label, as they were taken
        self.digests: dict[tuple[str, str], bytes] = {}
        self.undecided: dict[str, int] = {}

    def put_back(self, taken: "Due") -> None:
        """Let what was taken to be stored be due again, before what came since."""
        self.sites |= taken.sites
        self.labels |= taken.labels
        self.removals = taken.removals + self.removals
