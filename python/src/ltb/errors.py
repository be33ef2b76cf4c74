"""What a failed call raises."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

# No clock waits for the longest time that a message may have. Jobs wait for so long at most, too.
MOST_RETRY_AFTER_S = 7 * 24 * 3600.0


class Violation(NamedTuple):
    """A field of a request that is wrong."""

    field: str
    """Its path as the contract spells it, for example ``evaluations[3].sample_id``."""
    description: str
    """What is wrong, in words."""


class LtbError(Exception):
    """A call failed. Decide by ``code`` and ``reason``, not by the message.

    docs/errors.md of the service lists all reasons and what to do about each.
    """

    code: str
    """Status code of gRPC, for example ``NOT_FOUND``; ``UNAVAILABLE`` if the service could not be reached."""
    reason: str | None
    """The stable cause, for example ``UNIQUE_KEY_TAKEN``. None if the service did not answer."""
    message: str
    """What happened, for people."""
    metadata: Mapping[str, str]
    """Facts of the reason, for example ``{"entity": "job", "id": "…"}``."""
    violations: tuple[Violation, ...]
    """The wrong fields, if the service named some."""
    retry_after: float | None
    """Seconds that the service asks to wait before a repetition: at most 7 days."""
    request_id: str | None
    """Names the call in the service's log."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        reason: str | None = None,
        metadata: Mapping[str, str] | None = None,
        violations: Iterable[Violation] = (),
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.request_id = request_id

    def __str__(self) -> str:
        wrong = "".join(f"; {field}: {description}" for field, description in self.violations)
        named = f" (request {self.request_id})" if self.code == "INTERNAL" and self.request_id else ""
        return f"{self.reason or self.code}: {self.message}{wrong}{named}"


CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)


def from_connect(error: Mapping[str, Any]) -> LtbError:
    """The error of Connect's JSON: https://connectrpc.com/docs/protocol/#error-end-stream."""
    details = [
        (str(one["type"]), base64.b64decode(str(one["value"]) + "==")) for one in error.get("details", [])
    ]
    code = str(error.get("code", "unknown")).upper()
    return _with_details("CANCELLED" if code == "CANCELED" else code, str(error.get("message", "")), details)


def from_status(code: str, message: str, status: bytes | None) -> LtbError:
    """The error of gRPC, with google.rpc.Status from its trailing metadata."""
    details: list[tuple[str, bytes]] = []
    for number, value in _fields_of(status or b""):
        if number == 3 and isinstance(value, bytes):
            anything = dict(_fields_of(value))
            details.append((_text(anything.get(1)).rpartition("/")[2], _bytes(anything.get(2))))
    return _with_details(code, message, details)


def _with_details(code: str, message: str, details: Iterable[tuple[str, bytes]]) -> LtbError:
    error = LtbError(code, message)
    for kind, value in details:
        fields = list(_fields_of(value))
        first = dict(reversed(fields))
        match kind:
            case "google.rpc.ErrorInfo":
                error.reason = _text(first.get(1)) or None
                entries = [dict(_fields_of(_bytes(entry))) for number, entry in fields if number == 3]
                error.metadata = {_text(entry.get(1)): _text(entry.get(2)) for entry in entries}
            case "google.rpc.BadRequest":
                wrong = [dict(_fields_of(_bytes(entry))) for number, entry in fields if number == 1]
                error.violations = tuple(Violation(_text(one.get(1)), _text(one.get(2))) for one in wrong)
            case "google.rpc.RetryInfo":
                delay = dict(_fields_of(_bytes(first.get(1))))
                # A number that is negative has the highest of its 64 bits set.
                seconds = whole if (whole := _number(delay.get(1))) < 2**63 else 0
                error.retry_after = min(seconds + _number(delay.get(2)) / 1e9, MOST_RETRY_AFTER_S)
            case "google.rpc.RequestInfo":
                error.request_id = _text(first.get(1)) or None
            case _:
                pass
    return error


def _fields_of(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of the fields of a Protobuf message, as far as the details of errors have such.

    Four small messages are not worth a dependency on protobuf, whose versions conflict easily.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
                yield tag >> 3, value
            case 2:
                length, at = _varint(data, at)
                yield tag >> 3, data[at : at + length]
                at += length
            case _:
                return


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, at


def _bytes(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _text(value: int | bytes | None) -> str:
    return _bytes(value).decode(errors="replace")


def _number(value: int | bytes | None) -> int:
    return value if isinstance(value, int) else 0
