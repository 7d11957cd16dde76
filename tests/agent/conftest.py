"""What the agent's tests share."""

from tests import logged

log = logged.fixture("DEBUG", "{message}")
