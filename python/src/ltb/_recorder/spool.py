"""Files for what could not be sent yet: lines of JSON, one file for each process and service.

The process that writes a file holds a lock on it, so `ltb-sync` leaves it alone until that process has ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, cast

from .._codec import to_json
from .._ids import uuid7

# Of the lines of a file.
_VERSION = 1
# Of the file of what was refused: programs that go on recording what can never be stored would fill the disk.
MOST_REJECTED_BYTES = 64 * 1024 * 1024
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW


class Entry(NamedTuple):
    """Something to send."""

    kind: Literal["create", "evaluation", "update"]
    body: str
    """JSON of CreateBenchmarkRequest, NewEvaluation or UpdateBenchmarkRequest."""
    create: str
    """JSON of the CreateBenchmarkRequest of its benchmark."""


def spool_folder() -> Path:
    """LTB_SPOOL_DIR, else a folder of the user's. It is made if it is not there.

    Raises OSError if none can be made, or if that in the folder for temporary files is not safe.
    """
    given = os.environ.get("LTB_SPOOL_DIR")
    if given:
        folder = Path(given)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder
    try:
        state = os.environ.get("XDG_STATE_HOME")
        folder = (Path(state) if state else Path.home() / ".local" / "state") / "llm-test-bench" / "spool"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        # No home, or one that cannot be written to, as in some containers.
        folder = Path(tempfile.gettempdir()) / f"llm-test-bench-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        _expect_own(folder)
    return folder


def _expect_own(folder: Path) -> None:
    """Raises OSError if others may have put something there, or may read what this user records."""
    found = folder.lstat()
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not is_own or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError(
            f"{folder}: expected a folder of this user that is closed to others (mode 700); "
            "set LTB_SPOOL_DIR to another one"
        )


def _try_lock(descriptor: int) -> bool:
    """Locks a file; False if another process has it. Raises OSError where files cannot be locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Spool:
    """The file of this process, made with the first entry. Any thread may use it.

    Places in it are counted in bytes from the first that was ever written, also after it was emptied.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.path: Path | None = None
        self.reset()

    def reset(self) -> None:
        """Begins a file of its own, in a process that was forked off; the other one stays the parent's."""
        descriptor: int | None = getattr(self, "_descriptor", None)
        if descriptor is not None:
            os.close(descriptor)
        # A handler of a signal may record in the middle of an append.
        self._lock = threading.RLock()
        self._descriptor: int | None = None
        self._is_listed = False
        self._start = 0
        """Where the file begins."""
        self.end = 0
        """Where it ends."""
        self.sent_to = 0
        """Where what is still to be sent begins."""
        self._known: set[str] = set()
        self.waiting = 0
        """Evaluations in it that are still to be sent."""

    @property
    def is_empty(self) -> bool:
        return self.sent_to >= self.end

    def append(self, *entries: Entry, durable: bool = False) -> None:
        """Adds entries, and before each its benchmark if the file lacks that: all, or it raises OSError.

        Args:
            durable: Returns once they are on the disk.
        """
        with self._lock:
            descriptor = self._open()
            known = set(self._known)
            lines: list[str] = []
            for entry in entries:
                if entry.create not in known:
                    known.add(entry.create)
                    lines.append(_line("create", entry.create))
                if entry.kind != "create":
                    lines.append(_line(entry.kind, entry.body))
            self._write(descriptor, "".join(lines).encode())
            self._known = known
            self.waiting += sum(entry.kind == "evaluation" for entry in entries)
        if durable:
            os.fsync(descriptor)
            if not self._is_listed and self.path is not None:
                # A new file is only found again once its folder is on the disk, too.
                _sync_folder(self.path.parent)
                self._is_listed = True

    def peek(self, limit: int, size: int) -> list[tuple[Entry, int]]:
        """The next entries to send, at most `limit` of about `size` bytes, and where each ends."""
        found: list[tuple[Entry, int]] = []
        with self._lock:
            if self.is_empty or self._descriptor is None:
                return found
            with open(os.dup(self._descriptor), "rb") as file:
                file.seek(self.sent_to - self._start)
                end = self.sent_to
                for line in file:
                    end += len(line)
                    entry = _entry_of(line)
                    if entry is not None:
                        found.append((entry, end))
                    if found and (len(found) >= limit or end - self.sent_to >= size):
                        break
            if not found:
                # Somebody else has emptied or damaged it.
                self.sent(self.end, self.waiting)
        return found

    def sent(self, end: int, evaluations: int) -> None:
        """Forgets what `peek` returned, and empties the file if that was all."""
        with self._lock:
            self.sent_to = end
            self.waiting -= evaluations
            if self._descriptor is not None and self.is_empty:
                os.ftruncate(self._descriptor, 0)
                self._start = self.end
                self._known.clear()

    def close(self) -> None:
        """Gives the file to `ltb-sync`, or deletes it if everything was sent."""
        with self._lock:
            if self._descriptor is None or self.path is None:
                return
            if self.is_empty:
                self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None
            self._start = self.end

    def _open(self) -> int:
        while self._descriptor is None:
            path = spool_folder() / f"{uuid7()}.jsonl"
            descriptor = os.open(path, _FLAGS | os.O_EXCL, 0o600)
            try:
                # Before it was locked, `ltb-sync` may have taken it for one that was left, and deleted it.
                if _try_lock(descriptor) and path.exists():
                    self.path, self._descriptor, self._is_listed = path, descriptor, False
            finally:
                if self._descriptor != descriptor:
                    path.unlink(missing_ok=True)
                    os.close(descriptor)
        if self.end == self._start:
            self._write(self._descriptor, f"{to_json({'spool': _VERSION, 'url': self._url})}\n".encode())
            self.sent_to = self.end
        return self._descriptor

    def _write(self, descriptor: int, data: bytes) -> None:
        try:
            written = os.write(descriptor, data)
            if written < len(data):
                raise OSError(f"the disk of {self.path} took only a part")
        except OSError:
            # No half of a line may stay before the next one.
            os.ftruncate(descriptor, self.end - self._start)
            raise
        self.end += len(data)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


def _url_of(head: Any) -> str:
    """The address that a file is for. Raises ValueError if its lines are not known."""
    if not isinstance(head, dict) or not isinstance(url := cast("dict[str, Any]", head).get("url"), str):
        raise ValueError("it does not begin as a spool does")
    version: object = cast("dict[str, Any]", head).get("spool")
    if version != _VERSION:
        # Its lines would be taken for cut off ones, and lost.
        raise ValueError(
            f"expected a spool of version {_VERSION}, got version {version}: a later ltb-sync sends it"
        )
    return url


class LeftSpool:
    """A file of a process that has ended. It is locked while it is open."""

    def __init__(self, path: Path, file: BinaryIO, url: str) -> None:
        self.path = path
        self.url = url
        self._file = file

    @staticmethod
    def take(path: Path) -> LeftSpool | None:
        """Opens it; None while a process or another `ltb-sync` has it. Raises ValueError if it is none."""
        with ExitStack() as opened:
            file = opened.enter_context(path.open("r+b"))
            if not _try_lock(file.fileno()) or not path.exists():
                return None
            head = file.readline()
            # One that was never written to, or whose entries were all sent, is empty.
            url = _url_of(json.loads(head)) if head else ""
            opened.pop_all()
        return LeftSpool(path, file, url)

    def entries(self) -> Iterator[Entry]:
        for line in self._file:
            entry = _entry_of(line)
            if entry is not None:
                yield entry

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()


def keep_rejected(evaluation: Mapping[str, object], reason: str) -> Path:
    """Keeps an evaluation that can never be stored, beside the spool.

    Raises OSError, also if the file has as much as it may.
    """
    path = spool_folder() / "rejected.jsonl"
    shown = {name: _shown(value) for name, value in evaluation.items()}
    line = json.dumps({"reason": reason, "evaluation": shown}) + "\n"
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        # One call, so that the lines of processes do not mix.
        content = line.encode()
        if os.fstat(descriptor).st_size + len(content) > MOST_REJECTED_BYTES:
            raise OSError(f"{path} takes at most {MOST_REJECTED_BYTES} bytes: delete it to have more kept")
        if os.write(descriptor, content) < len(content):
            raise OSError(f"the disk of {path} took only a part")
    finally:
        os.close(descriptor)
    return path


def _shown(value: object) -> object:
    """The value if JSON has such, else its text."""
    try:
        json.dumps(value, allow_nan=False)
    except Exception:
        return text_of(value)
    return value


def text_of(value: object) -> str:
    """The text of a value, or the name of its type if it has none."""
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"
