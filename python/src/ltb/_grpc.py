# grpcio has no types of its own that strict rules accept.
# pyright: basic
"""The same calls over gRPC, of the extra `grpc`.

Messages are made from the descriptors of the contract, so no generated code is bound to versions of protobuf.
A pool of descriptors of its own keeps them apart from stubs of `ltb.v1` that a program may have besides.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

from ._endpoint import Endpoint
from ._grpc_json import object_of
from ._version import __version__
from .errors import CODES, LtbError, from_status

_OPTIONS: list[tuple[str, Any]] = [
    # The limit of the service is on the server; grpcio would refuse answers above 4 MiB.
    ("grpc.max_receive_message_length", -1),
    # A silently cut connection is found within 15 s, well within the 30 s of a lease: docs/wire.md.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Calls are repeated here: grpcio could not tell which errors may be.
    ("grpc.enable_retries", 0),
    # Equal channels would share one connection and its 200 calls.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
    ("grpc.primary_user_agent", f"llm-test-bench-python/{__version__}"),
]


def _pool_of_contract() -> descriptor_pool.DescriptorPool:
    files = descriptor_pb2.FileDescriptorSet.FromString(
        (Path(__file__).parent / "_generated" / "descriptors.binpb").read_bytes()
    )
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


POOL = _pool_of_contract()


class _Codec:
    """Turns JSON text into bytes of a method's requests, and bytes of its answers into JSON objects."""

    def __init__(self, path: str) -> None:
        service, _, name = path.lstrip("/").rpartition("/")
        method = POOL.FindServiceByName(service).methods_by_name[name]
        self._request = message_factory.GetMessageClass(method.input_type)
        self._response = message_factory.GetMessageClass(method.output_type)

    def encode(self, body: str) -> bytes:
        try:
            message: Message = json_format.Parse(body, self._request(), descriptor_pool=POOL)
        except json_format.ParseError as error:
            raise LtbError("INVALID_ARGUMENT", str(error), reason="INVALID_ARGUMENT") from error
        return message.SerializeToString()

    def decode(self, data: bytes) -> dict[str, Any]:
        return object_of(self._response.FromString(data))


class GrpcTransport:
    """Calls over one channel. A process that was forked off before the first call makes one of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._codecs: dict[str, _Codec] = {}
        self._credentials = _credentials_of(endpoint) if endpoint.is_secure else None
        # grpcio does not survive a fork with a channel in use, so none is made before the first call.
        self._channel: grpc.Channel | None = None
        self._connecting = threading.Lock()
        self._pid = os.getpid()

    def unary(
        self, path: str, body: str, headers: Mapping[str, str], timeout: float | None
    ) -> dict[str, Any]:
        codec = self._codec(path)
        request = codec.encode(body)
        call = self._connected().unary_unary(path)
        try:
            return codec.decode(call(request, timeout=timeout, metadata=self._metadata(headers)))
        except grpc.RpcError as error:
            raise _error_of(error, self._endpoint) from error

    def stream(self, path: str, body: str, headers: Mapping[str, str], timeout: float | None) -> GrpcStream:
        codec = self._codec(path)
        request = codec.encode(body)
        call = self._connected().unary_stream(path)
        return GrpcStream(
            call(request, timeout=timeout, metadata=self._metadata(headers)), codec, self._endpoint
        )

    def upload(
        self, path: str, bodies: Iterable[str], headers: Mapping[str, str], timeout: float | None
    ) -> dict[str, Any]:
        codec = self._codec(path)
        call = self._connected().stream_unary(path)
        failures: list[LtbError] = []

        def requests() -> Iterator[bytes]:
            # grpcio reads them in a thread of its own, and would hide what is wrong with one.
            try:
                for body in bodies:
                    yield codec.encode(body)
            except LtbError as error:
                failures.append(error)
                raise

        try:
            return codec.decode(call(requests(), timeout=timeout, metadata=self._metadata(headers)))
        except grpc.RpcError as error:
            raise failures[0] if failures else _error_of(error, self._endpoint) from error

    def close(self) -> None:
        if self._channel is not None and self._pid == os.getpid():
            self._channel.close()
        self._channel = None

    def _codec(self, path: str) -> _Codec:
        codec = self._codecs.get(path)
        if codec is None:
            codec = self._codecs[path] = _Codec(path)
        return codec

    def _connected(self) -> grpc.Channel:
        if self._pid != os.getpid():
            # A thread of the parent may have held the lock, which nobody will release here.
            self._connecting, self._channel = threading.Lock(), None
            self._pid = os.getpid()
        with self._connecting:
            if self._channel is None:
                self._channel = self._connect()
            return self._channel

    def _connect(self) -> grpc.Channel:
        endpoint, options = self._endpoint, list(_OPTIONS)
        if endpoint.is_local:
            options.append(("grpc.enable_http_proxy", 0))
        if endpoint.tls.server_name is not None:
            options.append(("grpc.ssl_target_name_override", endpoint.tls.server_name))
        if self._credentials is None:
            return grpc.insecure_channel(endpoint.authority, options)
        return grpc.secure_channel(endpoint.authority, self._credentials, options)

    def _metadata(self, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        key = self._endpoint.api_key
        known = {"authorization": f"Bearer {key}"} if key is not None else {}
        return tuple({**known, **headers}.items())


class GrpcStream:
    """The messages of a call's answer."""

    def __init__(self, call: Any, codec: _Codec, endpoint: Endpoint) -> None:
        self._call = call
        self._codec = codec
        self._endpoint = endpoint

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        try:
            return self._codec.decode(next(self._call))
        except grpc.RpcError as error:
            raise _error_of(error, self._endpoint) from error

    def cancel(self) -> None:
        self._call.cancel()


def _error_of(error: Any, endpoint: Endpoint) -> LtbError:
    status: int = error.code().value[0]
    trailers: list[tuple[str, str | bytes]] = list(error.trailing_metadata() or ())
    details = next((value for key, value in trailers if key == "grpc-status-details-bin"), None)
    message: str = error.details() or ""
    if details is None and CODES[status] == "UNAVAILABLE":
        if "http1.x server" in message:
            hint = f"it speaks HTTP/1.1: use its gRPC port, 50052 by default, or http://{endpoint.authority}"
            message = f"{hint}: {message}"
        message = f"cannot reach {endpoint.url}: {message}"
    return from_status(CODES[status], message, details if isinstance(details, bytes) else None)


def _credentials_of(endpoint: Endpoint) -> grpc.ChannelCredentials:
    def content(file: str | None) -> bytes | None:
        return None if file is None else Path(file).read_bytes()

    tls = endpoint.tls
    return grpc.ssl_channel_credentials(content(tls.ca_file), content(tls.key_file), content(tls.cert_file))
