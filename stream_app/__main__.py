"""`python -m stream_app`: the same as `tickets`, for where no script is on the path."""

from stream_app.cli.main import run

run()
