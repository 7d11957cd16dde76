"""The colours: told apart by people who see no red or no green, readable on Grafana's dark theme.

White stands on the four of a verdict, so each has a contrast of 4.5 or more against it; the others
are lines and bars, with 3 or more against the panel's background. `tests/dashboards` measures both,
and how far they are apart for each kind of colour blindness. Red never stands against green.
"""

QUIET = "#3274D9"
LOOK = "#B85600"
TROUBLE = "#C4162A"
NO_DATA = "#52545C"

BAR = "#5794F2"  # bars that compare one thing
NOBODY = "#A5AAB3"  # nobody known
# The first five, and that grey, may stand side by side.
SERIES = ("#E69F00", "#56B4E9", "#AA4499", "#F7F1A1", "#3A5FCD", "#D55E00")
