"""Replaces secrets in what logs have, by the patterns of the service's importer."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, cast

import regex

REDACTED = "[redacted]"
SHORT_CHARS = 64


def _compiled(source: str) -> regex.Pattern[str]:
    # In JavaScript `$` is the very end.
    return regex.compile(regex.sub(r"\$$", r"\\Z", source), regex.IGNORECASE | regex.ASCII)


_sources: dict[str, str] = json.loads(
    files("ltb").joinpath("_generated", "secret_patterns.json").read_text("utf-8")
)
_names, _doubtful = _compiled(_sources["names"]), _compiled(_sources["doubtful"])
_texts, _looks_secret = _compiled(_sources["texts"]), _compiled(_sources["looksSecret"])
# It finds something in the same texts, but takes what stands before a secret for a part of it: that costs a
# fraction of a look back from every character.
_has_secret = _compiled(_sources["texts"].replace("(?<=", "(?:"))
_pair_name = regex.compile(r"[\w.-]+", regex.ASCII)

# What stands between the name of a secret and its value.
_ASSIGNED = r"""\\?["']?\s{0,3}[:=]"""
HINTS = {
    "": {
        # In code and prose most keys have nothing of a name right before them.
        "key": r"key(?<=[\w?&-]key)" + _ASSIGNED,
        "pass": r"pass(?:word|wd|phrase)" + _ASSIGNED,
        "token": "token" + _ASSIGNED,
        "secret": "secret" + _ASSIGNED,
        "authorization": "authorization" + _ASSIGNED,
        "cookie": "cookie" + _ASSIGNED,
        "bearer": r"bearer\s+[\w.~+/=-]{16}",
        "://": r"://[^\s/@:\"]*:[^\s/@\"]+@",
        "sk-": r"sk-[\w-]{16}",
        "aiza": r"aiza[\w-]{35}",
        "akia": r"akia[0-9a-z]{16}\b",
        "asia": r"asia[0-9a-z]{16}\b",
        "eyj": r"eyj[\w-]{8,}\.eyj",
    },
    "_": {
        **{name: name + r"[0-9a-z-]+_[0-9a-z]{16}" for name in ("ltb_", "ltc_", "lts_")},
        **{name: name + "[0-9a-z]{20}" for name in ("hf_", "gsk_", "gho_", "ghp_", "ghs_", "ghu_", "ghr_")},
    },
    "$": {
        "$argon2": r"\$argon2(?:id?|d)\$",
        "$2": r"\$2[abxy]\$",
        "$scrypt": r"\$scrypt\$",
        "$pbkdf2": r"\$pbkdf2[\w-]*\$",
    },
}
"""A text, in small letters, that the pattern of texts finds something in has one of these and what is there.

Each stands with a part of it that few texts have. Looking for the words takes a hundredth of the pattern's
time, and most texts that have one, such as "token" or "key", have nothing like a secret beside it.
"""
_hints = [
    (part, [(hint, re.compile(beside, re.ASCII)) for hint, beside in group.items()])
    for part, group in HINTS.items()
]


def without_secrets(value: Any) -> Any:
    """Copies JSON, with "[redacted]" for what looks like a secret, or stands in a field named like one."""
    return _copy(value, {})


def _copy(value: Any, known: dict[str, str]) -> Any:
    """Copies JSON. `known` has what became of its long texts: a sample has the same one at a dozen places."""
    if isinstance(value, str):
        if len(value) <= SHORT_CHARS:
            return _short_text(value)
        clean = known.get(value)
        if clean is None:
            clean = known[value] = _clean_text(value)
        return clean
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if len(items) == 2 and _is_secret_pair(items[0], items[1]):
            return [items[0], REDACTED]
        return [_copy(one, known) for one in items]
    if isinstance(value, dict):
        owner = cast("dict[str, Any]", value)
        copy: dict[str, Any] = {}
        for key, one in owner.items():
            name = _short_name(key) if len(key) <= SHORT_CHARS else _name_of(key)
            is_secret = name.is_suspicious and _is_secret(name, one, owner)
            copy[name.clean] = REDACTED if is_secret else _copy(one, known)
        if isinstance(owner.get("value"), str):
            of_pair = owner.get("name")
            if _is_secret_pair(owner.get("key") if of_pair is None else of_pair, owner["value"]):
                copy["value"] = REDACTED
        return copy
    return value


class _Name(NamedTuple):
    """What is known of a field by its name."""

    clean: str
    is_suspicious: bool
    """Whether one of the others is true, which is of few names."""
    is_secret: bool
    is_doubtful: bool


def _name_of(name: str) -> _Name:
    is_secret, is_doubtful = bool(_names.search(name)), bool(_doubtful.search(name))
    return _Name(_clean_text(name), is_secret or is_doubtful, is_secret, is_doubtful)


# Every sample has the same few dozen names, roles, models and kinds of events. A long one may be data, and is
# not kept.
_short_name = lru_cache(maxsize=1_000)(_name_of)


def _clean_text(text: str) -> str:
    text = text.replace("\0", "\ufffd")
    if may_have_secret(text) and _has_secret.search(text, concurrent=True):
        return _texts.sub(REDACTED, text, concurrent=True)
    return text


def may_have_secret(text: str) -> bool:
    """Whether a text has a hint of a secret."""
    small = text.lower()
    # Loops take two thirds of the time that any() takes, and this is most of what there is to do.
    for part, hints in _hints:
        if part in small:
            for hint, beside in hints:
                if hint in small and beside.search(small):
                    return True
    return False


_short_text = lru_cache(maxsize=500)(_clean_text)


def _is_secret(name: _Name, value: Any, owner: dict[str, Any]) -> bool:
    if not isinstance(value, str | list | dict) or value in ("", REDACTED):
        return False
    if name.is_secret:
        return True
    # A token of a model's output is no secret, and has its probability beside it.
    if not name.is_doubtful or not isinstance(value, str) or "logprob" in owner:
        return False
    return len(value) >= 8 and bool(_looks_secret.search(value))


def _is_secret_pair(name: Any, value: Any) -> bool:
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    is_name = _pair_name.fullmatch(name) and _names.search(name) and not _looks_secret.search(name)
    return bool(is_name and _looks_secret.search(value))
