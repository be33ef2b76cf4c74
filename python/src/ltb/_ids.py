"""Ids that sort by the time they were made."""

from __future__ import annotations

import os
import time
import uuid


def uuid7() -> str:
    """Makes a UUIDv7 (RFC 9562). Python has its own from 3.14 on."""
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
