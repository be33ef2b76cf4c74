package recorder

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks a file; false if another process has it.
func tryLock(file *os.File) (bool, error) {
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY)
	// A byte that no file reaches, because a locked one could not be read.
	err := windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// syncFolder does nothing: Windows writes names of new files with them.
func syncFolder(*os.File) error { return nil }
