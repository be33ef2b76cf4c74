"""The Connect protocol in JSON over HTTP/1.1: https://connectrpc.com/docs/protocol/."""

from __future__ import annotations

# For host names. A fork while another thread loads it would leave the child without it for good.
import encodings.idna  # noqa: F401  # pyright: ignore[reportUnusedImport]
import json
import os
import re
import ssl
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from http.client import BadStatusLine
from typing import Any, Literal, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProxyError, SSLError, TimeoutError

from ._endpoint import Endpoint
from ._version import __version__
from .errors import LtbError, from_connect

# A waiting claim and a watch hold a connection each, and the client for asyncio makes as many calls at once.
POOL_SIZE = 64
CONNECT_TIMEOUT_S = 10.0
# urllib3 sends a request within the time for the connection: a large one gets more, as does one that the
# service takes only as fast as its database.
SLOWEST_BYTES_PER_S = 100_000
UPLOAD_PART_TIMEOUT_S = 60.0
# Watches send a message after 15 s of silence, so three times that without one is a dead connection.
SILENCE_S = 45.0

_STATUS = {
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    413: "RESOURCE_EXHAUSTED",
    429: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}


class HttpTransport:
    """Calls over a pool of connections. A process that was forked off makes a pool of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._tls = _context_of(endpoint) if endpoint.is_secure else None
        self._manager, self._pid = self._connect(), os.getpid()

    def unary(
        self, path: str, body: str, headers: Mapping[str, str], timeout: float | None
    ) -> dict[str, Any]:
        own = {"content-type": "application/json", "connect-protocol-version": "1"}
        response = self._post(path, body.encode(), {**headers, **own}, timeout, preload=True)
        if response.status != 200:
            raise _error_of(response)
        return _object(response.data)

    def stream(self, path: str, body: str, headers: Mapping[str, str], timeout: float | None) -> HttpStream:
        return HttpStream(self._open(path, _frame(body), headers, timeout), timeout)

    def upload(
        self, path: str, bodies: Iterable[str], headers: Mapping[str, str], timeout: float | None
    ) -> dict[str, Any]:
        frames = (_frame(body) for body in bodies)
        stream = HttpStream(self._open(path, frames, headers, timeout), timeout)
        try:
            return next(stream)
        except StopIteration:
            raise LtbError("INTERNAL", "the answer of the service has no message") from None
        finally:
            stream.cancel()

    def close(self) -> None:
        self._manager.clear()

    def _open(
        self, path: str, body: bytes | Iterable[bytes], headers: Mapping[str, str], timeout: float | None
    ) -> urllib3.BaseHTTPResponse:
        own = {"content-type": "application/connect+json", "connect-protocol-version": "1"}
        response = self._post(path, body, {**headers, **own}, timeout, preload=False)
        if response.status != 200:
            response.read()
            raise _error_of(response)
        return response

    def _post(
        self,
        path: str,
        body: bytes | Iterable[bytes],
        headers: dict[str, str],
        timeout: float | None,
        *,
        preload: Literal[True, False],
    ) -> urllib3.BaseHTTPResponse:
        if timeout is not None:
            headers["connect-timeout-ms"] = str(max(1, int(timeout * 1000)))
        if self._endpoint.api_key is not None:
            headers.setdefault("authorization", f"Bearer {self._endpoint.api_key}")
        headers["user-agent"] = f"llm-test-bench-python/{__version__}"
        headers["accept-encoding"] = "gzip"
        if self._pid != os.getpid():
            self._manager, self._pid = self._connect(), os.getpid()
        # The service answers at the deadline; a second more tells its answer from its silence.
        read = SILENCE_S if not preload and timeout is None else None if timeout is None else timeout + 1
        send = len(body) / SLOWEST_BYTES_PER_S if isinstance(body, bytes) else UPLOAD_PART_TIMEOUT_S
        connect = CONNECT_TIMEOUT_S + send if timeout is None else min(CONNECT_TIMEOUT_S + send, timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            return self._manager.request(
                "POST",
                f"{'https' if self._tls else 'http'}://{self._endpoint.authority}{self._endpoint.path}{path}",
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(connect=connect, read=read),
                retries=False,
                redirect=False,
                preload_content=preload,
            )
        except HTTPError as error:
            is_over = deadline is not None and time.monotonic() >= deadline
            raise _unreachable(error, self._endpoint, is_over) from error

    def _connect(self) -> urllib3.PoolManager:
        endpoint = self._endpoint
        options: dict[str, Any] = {"maxsize": POOL_SIZE}
        if self._tls is not None:
            options["ssl_context"] = self._tls
            if endpoint.tls.server_name is not None:
                options |= {"server_hostname": endpoint.tls.server_name}
                options |= {"assert_hostname": endpoint.tls.server_name}
        proxies = getproxies()
        proxy = proxies.get("https" if endpoint.is_secure else "http") or proxies.get("all")
        if proxy is None or endpoint.is_local or proxy_bypass(endpoint.authority):
            return urllib3.PoolManager(**options)
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return urllib3.ProxyManager(
            address,
            proxy_headers=urllib3.make_headers(proxy_basic_auth=login) if parts.username else None,
            **options,
        )


class HttpStream:
    """Reads the frames of an answer: a byte of flags, the length in four, and the message."""

    def __init__(self, response: urllib3.BaseHTTPResponse, timeout: float | None) -> None:
        self._response = response
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._is_cancelled = False
        self._reads = threading.Lock()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        if self._is_cancelled:
            raise LtbError("CANCELLED", "the stream was cancelled")
        try:
            with self._reads:
                flags, length = struct.unpack(">BI", self._read(5))
                content = _object(self._read(length))
            if self._is_cancelled:
                raise LtbError("CANCELLED", "the stream was cancelled")
        except LtbError:
            self._response.close()
            raise
        except (HTTPError, OSError, ValueError) as error:
            self._response.close()
            if self._is_cancelled:
                raise LtbError("CANCELLED", "the stream was cancelled") from error
            if self._deadline is not None and time.monotonic() >= self._deadline:
                raise LtbError("DEADLINE_EXCEEDED", "the stream did not end by its deadline") from error
            raise LtbError("UNAVAILABLE", f"the stream broke: {error}") from error
        if not flags & 2:
            return content
        self._response.drain_conn()
        self._response.release_conn()
        if "error" in content:
            raise from_connect(content["error"])
        raise StopIteration

    def cancel(self) -> None:
        self._is_cancelled = True
        # A thread that reads is woken by that. To close what it reads from would leave it in the middle.
        try:
            self._response.shutdown()
        except (ValueError, RuntimeError, OSError):
            pass  # It has ended already.
        # So a reader closes it itself, and nobody waits for that.
        if self._reads.acquire(blocking=False):
            self._response.close()
            self._reads.release()

    def _read(self, length: int) -> bytes:
        content = b""
        while len(content) < length:
            part = self._response.read(length - len(content))
            if not part:
                raise ValueError("it ended in the middle of a message")
            content += part
        return content


def _frame(body: str) -> bytes:
    content = body.encode()
    return struct.pack(">BI", 0, len(content)) + content


def _object(content: bytes) -> dict[str, Any]:
    try:
        value: object = json.loads(content) if content else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise LtbError("INTERNAL", f"expected an object of JSON in the answer, got {content[:100]!r}")
    return cast("dict[str, Any]", value)


def _error_of(response: urllib3.BaseHTTPResponse) -> LtbError:
    try:
        error = json.loads(response.data)
        if isinstance(error, dict) and "code" in error:
            return from_connect(error)  # pyright: ignore[reportUnknownArgumentType]
    except ValueError:
        pass  # It comes from a proxy, or from a server that is none of ours.
    code = _STATUS.get(response.status, "UNKNOWN")
    return LtbError(code, f"HTTP {response.status} {response.reason or ''}".rstrip())


def _unreachable(error: HTTPError, endpoint: Endpoint, is_over: bool) -> LtbError:
    if isinstance(error, SSLError):
        hint = (
            "its certificate is not trusted, for which tls.ca_file (LTB_TLS_CA_FILE) names an authority"
            if isinstance(error.args[0] if error.args else None, ssl.SSLCertVerificationError)
            else "it does not speak TLS (http://…), or wants a certificate (LTB_TLS_CLIENT_CERT_FILE)"
        )
        return LtbError("UNAVAILABLE", f"cannot connect to {endpoint.url}: {hint}: {error}")
    if isinstance(error, NewConnectionError | ProxyError):
        return LtbError("UNAVAILABLE", f"cannot connect to {endpoint.url}: {error}")
    if isinstance(error, TimeoutError):
        # A bound of our own may be shorter than the caller's: then it is the service that is away.
        code = "DEADLINE_EXCEEDED" if is_over else "UNAVAILABLE"
        return LtbError(code, f"no answer from {endpoint.url} in time: {error}")
    if _speaks_grpc(error):
        hint = f"it speaks gRPC: use its HTTP port, 50053 by default, or grpc://{endpoint.authority}"
        return LtbError("UNAVAILABLE", f"cannot call {endpoint.url}: {hint}")
    return LtbError("UNAVAILABLE", f"the connection to {endpoint.url} broke: {error}")


def _speaks_grpc(error: HTTPError) -> bool:
    """Whether the answer began as HTTP/2 does: with a frame of settings, whose type is 4."""
    reason = error.args[-1] if error.args else None
    return (
        isinstance(reason, BadStatusLine)
        and re.match(r"\0\0.\x04", str(reason.args[0]), re.DOTALL) is not None
    )


def _context_of(endpoint: Endpoint) -> ssl.SSLContext:
    files = endpoint.tls
    try:
        context = ssl.create_default_context(cafile=files.ca_file)
    except (ssl.SSLError, OSError) as error:
        raise ValueError(f"tls.ca_file: expected certificates in PEM in {files.ca_file}: {error}") from error
    # An intermediate authority may be the only one that is trusted, as for curl and Go.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if files.cert_file is not None and files.key_file is not None:
        try:
            context.load_cert_chain(files.cert_file, files.key_file, password=_no_password)
        except (ssl.SSLError, OSError) as error:
            raise ValueError(f"tls.cert_file, tls.key_file: expected a pair in PEM: {error}") from error
    return context


def _no_password() -> str:
    raise OSError("the key is encrypted")
