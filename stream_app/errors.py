"""The one exception that means "the person running the command can fix this"."""

from __future__ import annotations


class UserError(Exception):
    """A mistake or a missing piece outside the program, told in one line.

    The command line prints `message` on stderr without a traceback and exits with `exit_code`.
    Exit codes follow one rule: 2 for wrong input or settings, 3 for something outside that is
    missing or unreachable (a broker, a bundle, a data set), 4 for a check that did not hold
    (tickets lost, a test set below its mark).
    """

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


class Unavailable(UserError):
    """Something outside the program is missing or does not answer (exit code 3)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=3)


class CheckFailed(UserError):
    """The work was done and its result is not good enough (exit code 4)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=4)
