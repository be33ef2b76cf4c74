"""The client that blocks."""

from __future__ import annotations

from types import TracebackType
from typing import Literal, Self

from ._calls import DEFAULT_TIMEOUT_S, MAX_ATTEMPTS, Caller
from ._endpoint import Endpoint, TlsFiles, endpoint_of
from ._generated import sync_services as sync
from ._transport import transport_to


class Client:
    """Calls to the service, with one attribute for each of its parts. Threads may share it, and over HTTP
    processes that were forked off, too.

    A call that fails raises :class:`ltb.LtbError`, and `ValueError` or `TypeError` where an argument cannot
    be sent. Calls that failed for a passing reason (UNAVAILABLE, RESOURCE_EXHAUSTED with a `retry_after`,
    ABORTED with reason CONFLICT) are repeated if that is safe: reads, calls with a `request_id`, which is
    filled in, and those that change nothing when they come again.

    Args:
        url: `http(s)://host:port` of the HTTP port, or `grpc(s)://host:port` of the gRPC port, which needs
            the extra `grpc`. Default: LTB_URL, else `http://localhost:50053`.
        api_key: API key or session token; empty: none. Default: LTB_API_KEY.
        tls: Files of certificates. Default: LTB_TLS_CA_FILE, LTB_TLS_CLIENT_CERT_FILE and
            LTB_TLS_CLIENT_KEY_FILE, else the authorities of the system.
        timeout: Seconds until the deadline of a call with all its repetitions, unless the call gives its own;
            None: no deadline. Streams have only their own. Default: 30.
        attempts: Most attempts of a call, including the first; 1: no repetitions. Default: 5.
        read_from: `replica`: a replica of the database, which is a little behind, may answer reads.

    Raises:
        ValueError: The address or a file is wrong; the message says which.
        ImportError: The address is one of gRPC, and grpcio or protobuf is missing.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        tls: TlsFiles | None = None,
        timeout: float | None = DEFAULT_TIMEOUT_S,
        attempts: int = MAX_ATTEMPTS,
        read_from: Literal["primary", "replica"] = "primary",
    ) -> None:
        endpoint = endpoint_of(url, api_key, tls)
        self.url = endpoint.url
        """The address of the service."""
        caller = caller_to(endpoint, timeout, attempts, read_from)
        self.caller = caller
        """Makes the calls. Parts of this package use it."""
        self.benchmarks = sync.BenchmarkService(caller)
        self.jobs = sync.JobService(caller)
        self.workers = sync.WorkerService(caller)
        self.users = sync.UserService(caller)
        self.audit = sync.AuditService(caller)
        self.system = sync.SystemService(caller)

    def close(self) -> None:
        """Ends streams and connections. May be called again."""
        self.caller.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def caller_to(endpoint: Endpoint, timeout: float | None, attempts: int, read_from: str) -> Caller:
    """Makes what both clients share."""
    headers = {} if read_from == "primary" else {"ltb-read": read_from}
    return Caller(transport_to(endpoint), headers, timeout, attempts)
