"""The error for a bundle that must not serve."""

from __future__ import annotations

from stream_app.errors import Unavailable


class BundleError(Unavailable):
    """A bundle is missing, damaged, or does not do what its manifest says."""
