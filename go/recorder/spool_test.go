package recorder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/llm-test-bench/go/ltbv1"
)

func spoolFor(t *testing.T, samples ...string) *spool {
	t.Helper()
	t.Setenv("LTB_SPOOL_DIR", t.TempDir())
	made := &spool{url: "grpc://a:1", create: &ltbv1.CreateBenchmarkRequest{Name: "n"}}
	t.Cleanup(func() { made.close() })
	add(t, made, samples...)
	return made
}

func add(t *testing.T, to *spool, samples ...string) {
	t.Helper()
	for _, sample := range samples {
		if err := to.append(entryOf(&ltbv1.NewEvaluation{SampleId: sample})); err != nil {
			t.Fatal(err)
		}
	}
}

// unwritable has the spool do something while its disk takes nothing.
func unwritable(t *testing.T, of *spool, work func() error) {
	t.Helper()
	file, err := os.Open(of.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	writable := of.file
	of.file = file
	defer func() { of.file = writable }()
	if work() == nil {
		t.Fatal("it was written")
	}
}

func expect(t *testing.T, of *spool, samples ...string) (end int64) {
	t.Helper()
	entries, end, err := of.peek()
	var found []string
	for _, one := range entries {
		found = append(found, one.message.(*ltbv1.NewEvaluation).SampleId)
	}
	if err != nil || !slices.Equal(found, samples) {
		t.Errorf("got %v, %v, want %v", found, err, samples)
	}
	return end
}

func TestASpoolThatCannotBeEmptiedGoesOnBehindWhatWasSent(t *testing.T) {
	made := spoolFor(t, "1", "2")
	end := expect(t, made, "1", "2")
	unwritable(t, made, func() error { return made.sent(end, 2) })
	add(t, made, "3")
	if err := made.sent(expect(t, made, "3"), 1); err != nil {
		t.Fatal(err)
	}
	add(t, made, "4")
	expect(t, made, "4")
}

func TestHalfOfALineDoesNotStayBeforeTheNext(t *testing.T) {
	made := spoolFor(t, "1")
	unwritable(t, made, func() error { return made.append(entryOf(&ltbv1.NewEvaluation{SampleId: "lost"})) })
	if _, err := made.file.WriteString(`{"kind":"evaluation","bo`); err != nil {
		t.Fatal(err)
	}
	add(t, made, "2")
	expect(t, made, "1", "2")
}

func TestAFileThatCannotBeReadIsToldAndLeft(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	sending := &sender{
		delivery: delivery{log: log}, isReady: true, spool: *spoolFor(t, "1", "2"),
		changed: make(chan struct{}), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	path := sending.spool.path
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wrong := fmt.Sprintf(`{"kind":"evaluation","body":{"repetition":%q}}`+"\n", "no")
	if err := os.WriteFile(path, append([]byte(wrong), content[len(wrong):]...), 0o600); err != nil {
		t.Fatal(err)
	}
	flushed := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go func() { flushed <- sending.flush(ctx) }()
	<-sending.wake // It waits.
	sending.mu.Lock()
	entries, _ := sending.take()
	sending.mu.Unlock()
	close(sending.done)
	for _, err := range []error{<-flushed, sending.close(ctx, entryOf(&ltbv1.UpdateBenchmarkRequest{}), func() {})} {
		var unsent *UnsentError
		if len(entries) > 0 || !errors.As(err, &unsent) || unsent.Evaluations != 2 || unsent.Cause == nil || unsent.Paths[0] != path {
			t.Errorf("got %v, %v", entries, err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestWhatIsRefusedIsKeptUpToABoundThatIsLoggedOnce(t *testing.T) {
	into := t.TempDir()
	t.Setenv("LTB_SPOOL_DIR", into)
	defer func(most int64) { mostRejectedBytes = most }(mostRejectedBytes)
	mostRejectedBytes = 1_000
	var log strings.Builder
	d := delivery{log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 100 {
		d.rejectJSON(json.RawMessage(`{"sampleId":"1"}`), "score: expected a finite number")
	}
	kept, err := os.ReadFile(filepath.Join(into, "rejected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(kept, []byte("\n")); len(kept) > 1_000 || lines <= mostWarnings || !bytes.HasSuffix(kept, []byte("}\n")) {
		t.Errorf("got %d bytes in %d lines", len(kept), lines)
	}
	if told := strings.Count(log.String(), "takes at most 1000 bytes: delete it"); told != 1 {
		t.Errorf("logged %d times: %s", told, log.String())
	}
	if rejected := d.rejected.Load(); rejected != 100 {
		t.Errorf("counted %d", rejected)
	}
}
