package recorder

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"google.golang.org/grpc/codes"

	ltb "example.org/llm-test-bench/go"
)

var errNotTried = errors.New("not tried, because the service does not answer")

// SyncOptions say what [Sync] sends.
type SyncOptions struct {
	// Files to send. Default: all of the spool's folder.
	Files []string
	// AnyURL: files that are meant for another service are sent too.
	AnyURL bool
	// Log gets warnings. Default: slog.Default().
	Log *slog.Logger
}

// Synced is what became of a file of the spool.
type Synced struct {
	Path string
	// Stored are its evaluations that are stored now; Conflicts those whose sample had another result, which
	// stays; Rejected those that can never be stored, and are in rejected.jsonl.
	Stored, Conflicts, Rejected int
	// IsRunning: its process has it still, and sends it.
	IsRunning bool
	// Err says why the file is still there.
	Err error
}

// Sync sends what processes could not send, of this package and of the Python package. Nothing is stored
// twice. A file is deleted once all of it is sent. After one that nobody answers no other is tried.
func Sync(ctx context.Context, client *ltb.Client, options SyncOptions) ([]Synced, error) {
	files := options.Files
	if files == nil {
		in, err := folder()
		if err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
		if files, err = fs.Glob(os.DirFS(in), "*-*.jsonl"); err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
		for at, name := range files {
			files[at] = filepath.Join(in, name)
		}
	}
	log := options.Log
	if log == nil {
		log = slog.Default()
	}
	all := make([]Synced, 0, len(files))
	for at, path := range files {
		sending := &delivery{client: client, log: log}
		isRunning, err := sendFile(ctx, sending, path, options.AnyURL)
		all = append(all, Synced{
			path, int(sending.stored.Load()), int(sending.conflicts.Load()), int(sending.rejected.Load()), isRunning, err,
		})
		if isUnanswered(err) {
			// Each of the others would wait as long for an answer.
			for _, other := range files[at+1:] {
				all = append(all, Synced{Path: other, Err: errNotTried})
			}
			break
		}
	}
	return all, nil
}

// isUnanswered tells whether the service is away or silent.
func isUnanswered(err error) bool {
	var failed *ltb.Error
	return errors.As(err, &failed) && (failed.Code == codes.Unavailable || failed.Code == codes.DeadlineExceeded)
}

func sendFile(ctx context.Context, sending *delivery, path string, anyURL bool) (isRunning bool, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer file.Close()
	isLocked, err := tryLock(file)
	if err != nil || !isLocked {
		return !isLocked && err == nil, err
	}
	lines := bufio.NewReader(file)
	head, err := lines.ReadBytes('\n')
	// An empty file is one whose process ended before it wrote.
	if err == nil || len(head) > 0 {
		var named struct {
			Spool int    `json:"spool"`
			URL   string `json:"url"`
		}
		if json.Unmarshal(head, &named) != nil || named.Spool != 1 {
			return false, errors.New("it does not begin as a spool does")
		}
		if !anyURL && named.URL != sending.client.URL() {
			return false, fmt.Errorf("it is meant for %s", named.URL)
		}
	}
	if err := sendAll(ctx, sending, lines); err != nil {
		return false, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return false, nil
}

// sendAll sends the lines of a file in batches of one kind.
func sendAll(ctx context.Context, sending *delivery, lines *bufio.Reader) error {
	var batch []entry
	size := 0
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		entries := batch
		batch, size = nil, 0
		return sending.send(ctx, entries)
	}
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return send() // What has no end was cut off.
		}
		if err != nil {
			return err
		}
		one, ok, err := parse(line)
		switch {
		case !ok:
			continue
		case err != nil:
			sending.rejectJSON(line, err.Error())
			continue
		}
		isAlone := one.kind != "evaluation" || len(batch) > 0 && batch[0].kind != "evaluation"
		if isAlone || len(batch) >= batchItems || size+len(line) > batchBytes {
			if err := send(); err != nil {
				return err
			}
		}
		batch = append(batch, one)
		size += len(line)
	}
}
