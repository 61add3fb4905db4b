"""The model bundle: one immutable folder with all that a model needs to serve, and its digests.

Owns the format on disk. Does not run the model: that is `stream_app.inference`.
"""

from stream_app.bundle.contents import Bundle, Calibration, GoldenTicket, Label
from stream_app.bundle.errors import BundleError
from stream_app.bundle.manifest import FileDigest, Manifest, Provenance
from stream_app.bundle.reader import read_bundle
from stream_app.bundle.store import bundle_store, list_bundles, newest_bundle
from stream_app.bundle.training_code import code_sha256
from stream_app.bundle.writer import write_bundle

__all__ = [
    "Bundle",
    "BundleError",
    "Calibration",
    "FileDigest",
    "GoldenTicket",
    "Label",
    "Manifest",
    "Provenance",
    "bundle_store",
    "code_sha256",
    "list_bundles",
    "newest_bundle",
    "read_bundle",
    "write_bundle",
]
