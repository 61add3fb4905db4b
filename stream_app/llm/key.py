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

    Raises `UserError` where the file cannot be read, is no plain file of this user or of root, is
    open to others than its owner, or holds no key on one line.
    """
    path = settings.api_key_file
    if path is None:
        return settings.api_key
    try:
        # Without waiting: to open a pipe that nobody writes to would take for ever.
        with open(path, "rb", opener=_without_waiting) as file:
            # The opened file, not its name: the name can point elsewhere a moment later.
            status = os.fstat(file.fileno())
            content = file.read(_LONGEST + 1) if stat.S_ISREG(status.st_mode) else b""
    except OSError as error:
        raise UserError(f"llm.api_key_file {path}: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"llm.api_key_file {path}: is no plain file")
    if status.st_uid not in (0, os.geteuid()):
        raise UserError(f"llm.api_key_file {path}: belongs to somebody else; copy it and name that")
    mode = stat.S_IMODE(status.st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UserError(
            f"llm.api_key_file {path}: others than its owner may use it (mode {mode:04o}); "
            f"run: chmod 600 {path}"
        )
    key = content.strip()
    text = key.decode("ascii", "replace")
    one_word = text.isascii() and text.isprintable() and len(text.split()) == 1
    if not one_word or len(content) > _LONGEST:
        raise UserError(f"llm.api_key_file {path}: must hold one key and nothing else")
    return SecretStr(text)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
