# protobuf has no types of its own that strict rules accept.
# pyright: basic
"""Makes JSON objects of messages of protobuf.

`json_format` of protobuf does the same, but takes ten times as long, because it looks at the descriptor of
each field of each message anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

Read = Callable[[Any], Any] | None

# By full name of the message: name in JSON of each field by number, and what makes JSON of its value.
_readers: dict[str, dict[int, tuple[str, Read]]] = {}


def object_of(message: Message) -> dict[str, Any]:
    """The JSON object of a message. Integers of 64 bits are numbers in it, which a decoder reads as well."""
    descriptor = message.DESCRIPTOR
    readers = _readers.get(descriptor.full_name)
    if readers is None:
        readers = {field.number: (field.json_name, _reader_of(field)) for field in descriptor.fields}
        _readers[descriptor.full_name] = readers
    result: dict[str, Any] = {}
    for field, value in message.ListFields():
        name, read = readers[field.number]
        result[name] = value if read is None else read(value)
    return result


def _reader_of(field: Any) -> Read:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return dict
    read = _reader_of_one(field)
    if not _is_repeated(field):
        return read
    return list if read is None else lambda values: [read(one) for one in values]


def _is_repeated(field: Any) -> bool:
    # Of protobuf 6 and later; `label` is deprecated there.
    known = getattr(field, "is_repeated", None)
    return field.label == field.LABEL_REPEATED if known is None else known


def _reader_of_one(field: Any) -> Read:
    if field.enum_type is not None:
        names = {value.number: value.name for value in field.enum_type.values}
        # A value of a later version of the service stays a number.
        return lambda number: names.get(number, number)
    if field.message_type is None:
        return None
    name = field.message_type.full_name
    if name == "google.protobuf.Timestamp":
        return _time_of
    return json_format.MessageToDict if name.startswith("google.protobuf.") else object_of


def _time_of(value: Any) -> str:
    # To the microsecond, as all times of the service are.
    whole = datetime.fromtimestamp(value.seconds, UTC).replace(microsecond=value.nanos // 1000)
    return whole.isoformat().replace("+00:00", "Z")
