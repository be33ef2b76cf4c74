"""What both transports do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from ._endpoint import Endpoint


class Stream(Protocol):
    """The messages of a stream, as they come."""

    def __iter__(self) -> Iterator[dict[str, Any]]: ...

    def __next__(self) -> dict[str, Any]: ...

    def cancel(self) -> None:
        """Ends the stream, also for a thread that waits in it, which then gets CANCELLED."""
        ...


class Transport(Protocol):
    """Sends requests as JSON text, and returns answers as JSON objects. Every method raises LtbError.

    `path` is `/package.Service/Method`, and `timeout` are seconds until the deadline; None: no deadline.
    """

    def unary(
        self, path: str, body: str, headers: Mapping[str, str], timeout: float | None
    ) -> dict[str, Any]: ...

    def stream(self, path: str, body: str, headers: Mapping[str, str], timeout: float | None) -> Stream: ...

    def upload(
        self, path: str, bodies: Iterable[str], headers: Mapping[str, str], timeout: float | None
    ) -> dict[str, Any]: ...

    def close(self) -> None: ...


def transport_to(endpoint: Endpoint) -> Transport:
    """Makes the transport that the scheme of the address names. It connects with the first call."""
    if not endpoint.is_grpc:
        from ._http import HttpTransport

        return HttpTransport(endpoint)
    try:
        from ._grpc import GrpcTransport
    except ImportError as error:
        raise ImportError(
            f"{endpoint.url} needs the packages of the extra: pip install 'llm-test-bench[grpc]'; "
            "or use http(s)://…, port 50053 of the service, which needs none",
            name=error.name,
        ) from error
    return GrpcTransport(endpoint)
