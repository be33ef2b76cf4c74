package recorder

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"example.org/llm-test-bench/go/internal/ids"
	"example.org/llm-test-bench/go/ltbv1"
)

// An entry is something to send: a [ltbv1.CreateBenchmarkRequest], [ltbv1.NewEvaluation] or
// [ltbv1.UpdateBenchmarkRequest].
type entry struct {
	kind    string
	message proto.Message
	size    int // Bytes of the message.
}

func entryOf(message proto.Message) entry {
	kind := "evaluation"
	switch message.(type) {
	case *ltbv1.CreateBenchmarkRequest:
		kind = "create"
	case *ltbv1.UpdateBenchmarkRequest:
		kind = "update"
	}
	return entry{kind, message, proto.Size(message)}
}

// line writes it as the spool has it. Python reads the same lines.
func (e entry) line() ([]byte, error) {
	body, err := protojson.Marshal(e.message)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "{\"kind\":\"%s\",\"body\":%s}\n", e.kind, body), nil
}

// parse reads a line. It has none for the head of a file and for a line that was cut off.
func parse(line []byte) (entry, bool, error) {
	var found struct {
		Kind string          `json:"kind"`
		Body json.RawMessage `json:"body"`
	}
	if !bytes.HasSuffix(line, []byte("}\n")) || json.Unmarshal(line, &found) != nil {
		return entry{}, false, nil
	}
	var message proto.Message
	switch found.Kind {
	case "create":
		message = &ltbv1.CreateBenchmarkRequest{}
	case "evaluation":
		message = &ltbv1.NewEvaluation{}
	case "update":
		message = &ltbv1.UpdateBenchmarkRequest{}
	default:
		return entry{}, false, nil
	}
	err := protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(found.Body, message)
	return entryOf(message), true, err
}

// folder is LTB_SPOOL_DIR, else one of the user's. It is made if it is not there.
func folder() (string, error) {
	if given := os.Getenv("LTB_SPOOL_DIR"); given != "" {
		return given, os.MkdirAll(given, 0o700)
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("%w; set LTB_SPOOL_DIR", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	found := filepath.Join(state, "llm-test-bench", "spool")
	if err := os.MkdirAll(found, 0o700); err != nil {
		return "", fmt.Errorf("%w; set LTB_SPOOL_DIR to another folder", err)
	}
	return found, nil
}

// A spool is the file of a run, made with the first entry. It is locked until the process ends, so that Sync
// leaves it alone. Its caller guards it.
type spool struct {
	url    string
	create proto.Message // The benchmark of all entries.
	path   string
	file   *os.File
	size   int64
	sentTo int64
	// waiting are the evaluations in it that are still to be sent.
	waiting  int
	isListed bool // Its name is on the disk.
	isTorn   bool // Behind size it may have half of a line.
}

func (s *spool) isEmpty() bool { return s.sentTo >= s.size }

// append adds an entry, and the benchmark before the first.
func (s *spool) append(added entry) error {
	line, err := added.line()
	if err != nil {
		return err
	}
	if s.file == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	if s.size == 0 {
		head, err := json.Marshal(map[string]any{"spool": 1, "url": s.url})
		if err != nil {
			return err
		}
		first, err := entryOf(s.create).line()
		if err != nil {
			return err
		}
		line = append(append(append(head, '\n'), first...), line...)
	}
	// No half of a line may stay before the next one.
	if s.isTorn {
		if err := s.file.Truncate(s.size); err != nil {
			return err
		}
		s.isTorn = false
	}
	if _, err := s.file.Write(line); err != nil {
		s.isTorn = true
		return err
	}
	s.size += int64(len(line))
	if added.kind == "evaluation" {
		s.waiting++
	}
	return nil
}

// syncFile returns once what was added to a file is on the disk.
func syncFile(file *os.File, isListed bool) error {
	if err := file.Sync(); err != nil || isListed {
		return err
	}
	// A new file is only found again once its folder is on the disk, too.
	parent, err := os.Open(filepath.Dir(file.Name()))
	if err != nil {
		return err
	}
	defer parent.Close()
	return parent.Sync()
}

// peek returns the next evaluations to send, and where they end. The end of the benchmark is only put there
// once the run sends no more.
func (s *spool) peek() (found []entry, end int64, err error) {
	end = s.sentTo
	if s.isEmpty() {
		return nil, end, nil
	}
	lines := bufio.NewReader(io.NewSectionReader(s.file, s.sentTo, s.size-s.sentTo))
	size := 0
	for len(found) < batchItems {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			end += int64(len(line))
			break
		}
		if err != nil {
			return nil, end, err
		}
		one, ok, err := parse(line)
		if err != nil {
			return nil, end, fmt.Errorf("%s: %w", s.path, err)
		}
		if ok && one.kind == "evaluation" {
			if len(found) > 0 && size+one.size > batchBytes {
				break
			}
			found = append(found, one)
			size += one.size
		}
		end += int64(len(line))
	}
	return found, end, nil
}

// sent forgets what peek returned, and empties the file if that was all.
func (s *spool) sent(end int64, evaluations int) error {
	s.sentTo = end
	s.waiting -= evaluations
	if s.file == nil || !s.isEmpty() {
		return nil
	}
	// A file that stays as it is goes on behind what was sent.
	if err := s.file.Truncate(0); err != nil {
		return err
	}
	s.size, s.sentTo = 0, 0
	return nil
}

// close gives the file to Sync, or deletes it if everything was sent. Only a file that is open can be deleted
// without Sync taking it meanwhile.
func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	defer s.file.Close()
	if s.isEmpty() {
		return os.Remove(s.path)
	}
	return s.file.Sync()
}

func (s *spool) open() error {
	for {
		into, err := folder()
		if err != nil {
			return err
		}
		path := filepath.Join(into, ids.New()+".jsonl")
		file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		isLocked, err := tryLock(file)
		// Before it was locked, Sync may have taken it for one that was left, and deleted it.
		if isLocked && isThere(path) {
			s.path, s.file = path, file
			return nil
		}
		file.Close()
		os.Remove(path)
		if err != nil {
			return fmt.Errorf("%s cannot be locked: %w", path, err)
		}
	}
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mostRejectedBytes is what rejected.jsonl takes: programs that go on recording what can never be stored would
// fill the disk.
var mostRejectedBytes int64 = 64 << 20

// keepRejected keeps what can never be stored beside the spool, and returns where.
func keepRejected(evaluation json.RawMessage, reason string) (string, error) {
	into, err := folder()
	if err != nil {
		return "", err
	}
	path := filepath.Join(into, "rejected.jsonl")
	line, err := json.Marshal(map[string]any{"reason": reason, "evaluation": evaluation})
	if err != nil {
		return "", err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	defer file.Close()
	found, err := file.Stat()
	if err != nil {
		return "", err
	}
	if found.Size()+int64(len(line))+1 > mostRejectedBytes {
		return "", fmt.Errorf("%s takes at most %d bytes: delete it to have more kept", path, mostRejectedBytes)
	}
	// One call, so that the lines of processes do not mix.
	_, err = file.Write(append(line, '\n'))
	return path, err
}
