"""Replaces personal data in a text by typed placeholders; pure, and sends nothing anywhere."""

from stream_app.redaction.kinds import Kind
from stream_app.redaction.redact import Redacted, redact

__all__ = ["Kind", "Redacted", "redact"]
