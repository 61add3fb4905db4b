"""Which code is running: the package's version and, in a checkout, the commit; changes nothing."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

DISTRIBUTION = "ticket-stream"


@dataclass(frozen=True, slots=True)
class CodeVersion:
    """`commit` is None outside a git checkout; `changed` says that files differ from it."""

    package: str
    commit: str | None = None
    changed: bool = False

    def __str__(self) -> str:
        """One line for people."""
        if self.commit is None:
            return f"{DISTRIBUTION} {self.package}"
        state = " with local changes" if self.changed else ""
        return f"{DISTRIBUTION} {self.package}, commit {self.commit[:12]}{state}"


def code_version() -> CodeVersion:
    """The version of the code that this module belongs to; asks git where there is a checkout."""
    package = version(DISTRIBUTION)
    folder = Path(__file__).resolve().parent
    # An installed copy may lie inside some other project's checkout: its commit says nothing.
    tracked = _git(folder, "ls-files", "--error-unmatch", Path(__file__).name)
    commit = _git(folder, "rev-parse", "HEAD")
    if tracked is None or commit is None:
        return CodeVersion(package)
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return CodeVersion(package, commit, changed=bool(changed))


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, or None where it is missing, fails or does not answer."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
