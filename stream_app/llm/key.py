"""Reads the API key from the settings or from a file that is really secret; keeps nothing."""

from __future__ import annotations

import os
import stat

from pydantic import SecretStr

from stream_app.errors import UserError
from stream_app.settings import LlmSettings

_LONGEST = 4_096


def read_key(settings: LlmSettings) -> SecretStr | None:
    """The key, None where the settings name none.

    Raises `UserError` where the file cannot be read, is open to others than its owner, or holds
    no key on one line.
    """
    path = settings.api_key_file
    if path is None:
        return settings.api_key
    try:
        with path.open("rb") as file:
            # The opened file, not its name: the name can point elsewhere a moment later.
            status = os.fstat(file.fileno())
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise UserError(f"llm.api_key_file {path}: {error.strerror}") from error
    mode = stat.S_IMODE(status.st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UserError(
            f"llm.api_key_file {path}: others than its owner may use it (mode {mode:04o}); "
            f"run: chmod 600 {path}"
        )
    key = content.strip()
    if not key.isascii() or len(content) > _LONGEST or len(key.split()) != 1:
        raise UserError(f"llm.api_key_file {path}: must hold one key and nothing else")
    return SecretStr(key.decode("ascii"))
