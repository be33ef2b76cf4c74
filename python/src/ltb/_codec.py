"""Reads and writes the messages of the service as JSON (https://protobuf.dev/programming-guides/json/)."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar, cast

from .errors import LtbError

NO_TEXT = "expected Unicode text, got half of a surrogate pair in it"

INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Name in Python, name in JSON, and kind of a field.
Fields = tuple[tuple[str, str, str], ...]


class Message:
    """What all messages share. They are equal if their fields are."""

    __slots__ = ()
    _fields: ClassVar[Fields] = ()
    _asks_for_text: ClassVar[bool] = False

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and all(
            getattr(self, name) == getattr(other, name) for name, _, _ in self._fields
        )

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name, _, _ in self._fields)
        return f"{type(self).__name__}({values})"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, and those of messages within; lists and documents are not copied."""
        return {name: _plain(getattr(self, name)) for name, _, _ in self._fields}


M = TypeVar("M", bound=Message)


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.to_dict()
    if isinstance(value, list):
        return [_plain(one) for one in cast("list[Any]", value)]
    return value


class JsonText(str):
    """JSON text that was made by other means than `to_json`, and is taken as it is."""

    __slots__ = ()


def to_json(value: object, default: Callable[[Any], Any] | None = None) -> str:
    """Compact JSON text. Raises ValueError for numbers that are not finite, TypeError for unknown types."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default)


def encode(fields: Fields, values: Mapping[str, Any], asks_for_text: bool) -> dict[str, Any]:
    """Makes the JSON object of a message. None stands for an unset field, as UNSPECIFIED does in enums.

    Raises ValueError or TypeError that begins with the field's name.
    """
    result: dict[str, Any] = {"jsonFormat": "JSON_FORMAT_TEXT"} if asks_for_text else {}
    for name, wire, kind in fields:
        value = values.get(name)
        if value is None or (value == "UNSPECIFIED" and kind.startswith("enum ")):
            continue
        try:
            result[wire + "Json" if kind == "document" else wire] = _encode_field(kind, value)
        except (TypeError, ValueError, AttributeError) as error:
            kind = ValueError if isinstance(error, ValueError) else TypeError
            raise kind(f"{name}: {error}") from error
    return result


def encode_message(message: Message) -> dict[str, Any]:
    """Makes the JSON object of a message."""
    values = {name: getattr(message, name) for name, _, _ in message._fields}  # pyright: ignore[reportPrivateUsage]
    return encode(message._fields, values, message._asks_for_text)  # pyright: ignore[reportPrivateUsage]


def _encode_field(kind: str, value: Any) -> Any:
    word, _, rest = kind.partition(" ")
    match word:
        case "list":
            if isinstance(value, str | bytes | Mapping):
                raise TypeError(f"expected a list, got {type(cast(object, value)).__name__}")
            return [_encode_field(rest, one) for one in value]
        case "message":
            if not isinstance(value, Message):
                raise TypeError(f"expected ltb.models.{rest}, got {type(value).__name__}")
            return encode_message(value)
        case "enum":
            if not isinstance(value, str):
                raise TypeError(f"expected text, got {type(value).__name__}")
            return rest + value
        case "int32":
            return whole_number(value, -INT32_MAX - 1, INT32_MAX)
        case "int64":
            return whole_number(value, -INT64_MAX - 1, INT64_MAX)
        case "timestamp":
            return encode_time(value)
        case "duration":
            seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
            return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"
        case "document":
            return _text(to_json(value))
        case "mask":
            return ",".join(_camel(path) for path in cast("Iterable[str]", value))
        case _:
            if isinstance(value, Mapping):
                return {_text(name): _text(one) for name, one in cast("Mapping[Any, Any]", value).items()}
            return _text(value)


def is_text(value: str) -> bool:
    """Whether UTF-8 can hold it: half of a surrogate pair is no text."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: Any) -> Any:
    if isinstance(value, str) and not is_text(value):
        raise ValueError(NO_TEXT)
    return value


def whole_number(value: Any, least: int, most: int) -> int:
    """Reads a whole number, also one of numpy. Raises TypeError for what is none, else ValueError."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"expected a whole number, got {value!r:.100}") from None
    if not least <= number <= most:
        # Python refuses to write thousands of digits.
        given = number if number.bit_length() <= 128 else f"one of {number.bit_length()} bits"
        raise ValueError(f"expected a whole number from {least} to {most}, got {given}")
    return number


def encode_time(value: datetime) -> str:
    """Writes an RFC 3339 time. Raises ValueError for one without a zone, TypeError for what is no time."""
    if not isinstance(value, datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"expected a datetime with a zone, got {value!r:.100}")
    if value.tzinfo is None:
        raise ValueError("expected a time with a zone, such as datetime.now(UTC), got one without")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _camel(path: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), path)


Reader = Callable[[Any], Any] | None

_readers: dict[type[Message], list[tuple[str, str, Reader]]] = {}


def decode(cls: type[M], data: Mapping[str, Any]) -> M:
    """Makes a message of its JSON object. Fields that this version does not know are ignored.

    Raises LtbError if a field is not what the contract says, as of a server that is none of the service.
    """
    try:
        return _decode(cls, data)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        message = f"the answer cannot be read as {cls.__name__}: {error}"
        raise LtbError("INTERNAL", message) from error


def _decode(cls: type[M], data: Mapping[str, Any]) -> M:
    readers = _readers.get(cls)
    if readers is None:
        readers = _readers[cls] = list(_readers_of(cls))
    values: dict[str, Any] = {}
    for name, wire, read in readers:
        value = data.get(wire)
        if value is not None:
            values[name] = value if read is None else read(value)
    return cls(**values)


def _readers_of(cls: type[Message]) -> Iterable[tuple[str, str, Reader]]:
    for name, wire, kind in cls._fields:  # pyright: ignore[reportPrivateUsage]
        if kind == "document":
            # Not every answer has texts.
            yield name, wire, None
            yield name, wire + "Json", json.loads
        else:
            yield name, wire, _reader_of(kind)


def _reader_of(kind: str) -> Reader:
    word, _, rest = kind.partition(" ")
    match word:
        case "list":
            read = _reader_of(rest)
            return None if read is None else lambda values: [read(one) for one in values]
        case "message":
            from ._generated import models

            cls: type[Message] = getattr(models, rest)
            return lambda value: _decode(cls, value)
        case "enum":
            # A value of a later version of the service is a number.
            return lambda value: str(value).removeprefix(rest)
        case "int64":
            return int
        case "double":
            return float
        case "timestamp":
            return read_time
        case "duration":
            return lambda value: timedelta(seconds=float(value[:-1]))
        case "mask":
            return lambda value: value.split(",") if value else []
        case _:
            return None


def read_time(text: str) -> datetime:
    """Reads an RFC 3339 time, to the microsecond."""
    return datetime.fromisoformat(text)
