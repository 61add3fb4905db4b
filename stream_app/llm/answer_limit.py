"""Bounds how much of a server's answer is read into memory; reads no content.

Set on the HTTP client, below the API client: that one reads whole bodies, of errors too, before
anybody can look at them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

MOST_BYTES = 131_072
"""Far more than three words take, with what a reasoning model thinks aloud."""


class UnusableAnswer(Exception):
    """The answer is longer than `MOST_BYTES`, or packed so that its length cannot be told."""


async def limit_answer(response: httpx2.Response) -> None:
    """An httpx2 response hook. Raises `UnusableAnswer`, now or when the body is read.

    Of an error's body what fits is kept, and nothing of a packed one: its status says enough.
    """
    most = MOST_BYTES
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        if not response.is_error:
            raise UnusableAnswer("packed, though the request did not allow it")
        del response.headers["content-encoding"]
        most = 0
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Limited(response.stream, most=most, cut=response.is_error)


class _Limited(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, *, most: int, cut: bool) -> None:
        self._stream = stream
        self._most = most
        self._cut = cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                if self._cut:
                    return
                raise UnusableAnswer(f"longer than {self._most} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
