"""`python -m exporter` is `knockwatch`."""

import sys

from exporter.cli import main

sys.exit(main())
