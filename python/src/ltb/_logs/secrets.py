"""Replaces secrets in what logs have, by the patterns of the service's importer."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, cast

import regex

REDACTED = "[redacted]"


def _compiled(name: str) -> regex.Pattern[str]:
    # In JavaScript `$` is the very end.
    source = regex.sub(r"\$$", r"\\Z", _sources[name])
    return regex.compile(source, regex.IGNORECASE | regex.ASCII)


_sources: dict[str, str] = json.loads(
    files("ltb").joinpath("_generated", "secret_patterns.json").read_text("utf-8")
)
_names, _doubtful = _compiled("names"), _compiled("doubtful")
_texts, _looks_secret = _compiled("texts"), _compiled("looksSecret")
_pair_name = regex.compile(r"[\w.-]+", regex.ASCII)

HINTS = (
    *("key", "pass", "token", "secret", "authorization", "cookie", "bearer", "://"),
    *("ltb_", "ltc_", "lts_", "sk-", "hf_", "gsk_", "gho_", "ghp_", "ghs_", "ghu_", "ghr_"),
    *("aiza", "akia", "asia", "eyj", "$argon2", "$2", "$scrypt", "$pbkdf2"),
)
"""A text, in small letters, that the pattern of texts finds something in has one of these.

Looking for them takes a hundredth of the pattern's time, which is most of what mapping a sample takes.
"""


def without_secrets(value: Any) -> Any:
    """Copies JSON, with "[redacted]" for what looks like a secret, or stands in a field named like one."""
    if isinstance(value, str):
        return _clean_text(value.replace("\0", "\ufffd"))
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if len(items) == 2 and _is_secret_pair(items[0], items[1]):
            return [items[0], REDACTED]
        return [without_secrets(one) for one in items]
    if isinstance(value, dict):
        owner = cast("dict[str, Any]", value)
        name = owner.get("name")
        is_pair = _is_secret_pair(owner.get("key") if name is None else name, owner.get("value"))
        return {
            without_secrets(name): REDACTED
            if _is_secret(name, one, owner) or (is_pair and name == "value")
            else without_secrets(one)
            for name, one in owner.items()
        }
    return value


def _clean_text(text: str) -> str:
    small = text.lower()
    if not any(hint in small for hint in HINTS):
        return text
    return _texts.sub(REDACTED, text, concurrent=True)


def _is_secret(name: str, value: Any, owner: dict[str, Any]) -> bool:
    if value in ("", REDACTED) or not isinstance(value, str | list | dict):
        return False
    if _names.search(name):
        return True
    # A token of a model's output is no secret, and has its probability beside it.
    if not isinstance(value, str) or "logprob" in owner or not _doubtful.search(name):
        return False
    return len(value) >= 8 and bool(_looks_secret.search(value))


def _is_secret_pair(name: Any, value: Any) -> bool:
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    is_name = _pair_name.fullmatch(name) and _names.search(name) and not _looks_secret.search(name)
    return bool(is_name and _looks_secret.search(value))
