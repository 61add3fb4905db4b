"""The part of the product that runs beside the broker; imports neither torch nor `training`."""

from __future__ import annotations

import os

# NumPy's linear algebra keeps a thread spinning between calls that are each too small to share:
# a quarter of a worker's processor time. It reads this when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
