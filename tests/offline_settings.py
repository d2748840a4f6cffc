"""Settings of child processes of tests: the given folder, no database, no threads."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403

ROUTING_DATA_DIR = Path(os.environ["SPOOL_OF_TEST"])
