"""Files for what could not be sent yet: lines of JSON, one file for each process and service.

The process that writes a file holds a lock on it, so `ltb-sync` leaves it alone until that process has ended.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from .._codec import to_json
from .._ids import uuid7

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL


class Entry(NamedTuple):
    """Something to send."""

    kind: Literal["create", "evaluation", "update"]
    body: str
    """JSON of CreateBenchmarkRequest, NewEvaluation or UpdateBenchmarkRequest."""
    create: str
    """JSON of the CreateBenchmarkRequest of its benchmark."""


def spool_folder() -> Path:
    """LTB_SPOOL_DIR, else a folder of the user's. It is made if it is not there.

    Raises OSError if none can be made.
    """
    given = os.environ.get("LTB_SPOOL_DIR")
    state = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    own = Path(state) if state else Path.home() / ".local" / "state"
    folder = Path(given) if given else own / "llm-test-bench" / "spool"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        if given:
            raise
        # A home that cannot be written to, as in some containers.
        folder = Path(tempfile.gettempdir()) / f"llm-test-bench-{os.environ.get('USER', 'user')}"
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


class Spool:
    """The file of this process, made with the first entry. Any thread may use it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.path: Path | None = None
        self.reset()

    def reset(self) -> None:
        """Begins a file of its own, in a process that was forked off; the other one stays the parent's."""
        descriptor: int | None = getattr(self, "_descriptor", None)
        if descriptor is not None:
            os.close(descriptor)
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._size = 0
        self._read = 0
        self._known: set[str] = set()
        self.waiting = 0
        """Evaluations in it that are still to be sent."""

    @property
    def is_empty(self) -> bool:
        return self._read >= self._size

    def append(self, entry: Entry, *, durable: bool = False) -> None:
        """Adds an entry, and before it its benchmark if the file lacks that. Raises OSError.

        Args:
            durable: Returns once it is on the disk.
        """
        with self._lock:
            descriptor = self._open()
            text = "" if entry.create in self._known else _line("create", entry.create)
            if entry.kind != "create":
                text += _line(entry.kind, entry.body)
            self._write(descriptor, text.encode())
            self._known.add(entry.create)
            self.waiting += entry.kind == "evaluation"
        if durable:
            os.fsync(descriptor)

    def peek(self, limit: int, size: int) -> list[tuple[Entry, int]]:
        """The next entries to send, at most `limit` of about `size` bytes, and where each ends."""
        found: list[tuple[Entry, int]] = []
        with self._lock:
            if self.is_empty or self._descriptor is None:
                return found
            with open(os.dup(self._descriptor), "rb") as file:
                end = file.seek(self._read)
                for line in file:
                    end += len(line)
                    entry = _entry_of(line)
                    if entry is not None:
                        found.append((entry, end))
                    if len(found) >= limit or end - self._read >= size:
                        break
        return found

    def sent(self, end: int, evaluations: int) -> None:
        """Forgets what `peek` returned, and empties the file if that was all."""
        with self._lock:
            self._read = end
            self.waiting -= evaluations
            if self._descriptor is not None and self._read >= self._size:
                os.ftruncate(self._descriptor, 0)
                self._size = self._read = 0
                self._known.clear()

    def close(self) -> None:
        """Gives the file to `ltb-sync`, or deletes it if everything was sent."""
        with self._lock:
            if self._descriptor is None or self.path is None:
                return
            if self._read >= self._size:
                self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None
            self._size = self._read = 0

    def _open(self) -> int:
        if self._descriptor is None:
            self.path = spool_folder() / f"{uuid7()}.jsonl"
            self._descriptor = os.open(self.path, _FLAGS, 0o600)
            _try_lock(self._descriptor)
        if self._size == 0:
            self._write(self._descriptor, f"{to_json({'spool': 1, 'url': self._url})}\n".encode())
            self._read = self._size
        return self._descriptor

    def _write(self, descriptor: int, data: bytes) -> None:
        try:
            written = os.write(descriptor, data)
            if written < len(data):
                raise OSError(f"the disk of {self.path} took only a part")
        except OSError:
            # No half of a line may stay before the next one.
            os.ftruncate(descriptor, self._size)
            raise
        self._size += len(data)


def _line(kind: str, body: str) -> str:
    # A newline within a text is written as two characters.
    return f'{{"kind":"{kind}","body":{body}}}\n'


def _entry_of(line: bytes) -> Entry | None:
    """Reads a line; None for the head and for one that was cut off."""
    if not line.endswith(b"}\n") or not line.startswith(b'{"kind":"'):
        return None
    kind, _, body = line[9:-2].decode().partition('","body":')
    if kind not in ("create", "evaluation", "update"):
        return None
    return Entry(kind, body, "")


class LeftSpool:
    """A file of a process that has ended. It is locked while it is open."""

    def __init__(self, path: Path, file: BinaryIO, url: str) -> None:
        self.path = path
        self.url = url
        self._file = file

    @staticmethod
    def take(path: Path) -> LeftSpool | None:
        """Opens it; None while a process or another `ltb-sync` has it. Raises ValueError if it is none."""
        file = path.open("r+b")
        try:
            if not _try_lock(file.fileno()) or not path.exists():
                return None
            head = file.readline()
            if not head:
                return LeftSpool(path, file, "")
            url = json.loads(head).get("url")
            if not isinstance(url, str):
                raise ValueError(f"{path}: it does not begin as a spool does")
        except BaseException:
            file.close()
            raise
        return LeftSpool(path, file, url)

    def entries(self) -> Iterator[Entry]:
        for line in self._file:
            entry = _entry_of(line)
            if entry is not None:
                yield entry

    def delete(self) -> None:
        self.path.unlink()

    def close(self) -> None:
        self._file.close()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def keep_rejected(item: str, reason: str) -> Path:
    """Keeps an evaluation that can never be stored, beside the spool. Raises OSError."""
    path = spool_folder() / "rejected.jsonl"
    with open(path, "a", opener=_private) as file:
        file.write(f'{{"reason":{to_json(reason)},"evaluation":{item}}}\n')
    return path
