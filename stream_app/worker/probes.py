"""The worker's HTTP side: /livez, /readyz and /metrics; reads state, changes none."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from stream_app.errors import UserError


class Probes:
    """Answers a supervisor's probes on the worker's own event loop.

    That the loop answers at all is what /livez says. /readyz says why the worker is not ready, as
    `reason_not_ready` does; None means that it is.
    """

    def __init__(
        self, registry: CollectorRegistry, reason_not_ready: Callable[[], str | None]
    ) -> None:
        self._registry = registry
        self._reason_not_ready = reason_not_ready
        app = web.Application()
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port taken.

        Raises `UserError` where the address cannot be bound.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise UserError(
                f"cannot listen on {host}:{port} for probes and metrics "
                f"({error.strerror or error}): set TICKETS_WORKER_PROBE_PORT to a free port, "
                "or 0 to take one"
            ) from error
        taken: int = self._runner.addresses[0][1]
        return taken

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _livez(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        reason = self._reason_not_ready()
        return web.Response(text=f"{reason or 'ok'}\n", status=503 if reason else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )
