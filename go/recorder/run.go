package recorder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/ids"
	"example.org/llm-test-bench/go/internal/texts"
	"example.org/llm-test-bench/go/ltbv1"
)

const (
	// exitTimeout bounds the end of a run.
	exitTimeout = 10 * time.Second
	// mostLabels is the service's limit.
	mostLabels = 64
)

// Options of a run, which becomes a benchmark.
type Options struct {
	// Name of the benchmark, 1 to 255 characters. Required.
	Name string
	// Model under test, 1 to 255 characters. Required.
	Model string
	// Dataset that it is run on, 1 to 255 characters. Required.
	Dataset string
	// Provider of the model, 1 to 100 characters. Default: what stands before the first slash of Model, else
	// "unknown".
	Provider string
	// Total is the planned number of evaluations. 0: not known.
	Total int
	// Labels to find it by, at most 64. Keys have 1 to 63 characters, values at most 255.
	Labels map[string]string
	// Metadata is further data, as JSON.
	Metadata map[string]any
	// ID is a UUID. That of an earlier run goes on with it. Default: a new one.
	ID string
	// ExitTimeout is how long Finish waits at most. Default: LTB_EXIT_TIMEOUT in seconds, else 10 s.
	ExitTimeout time.Duration
	// Log gets warnings. Default: slog.Default().
	Log *slog.Logger
}

// A Run is a benchmark that evaluations are recorded for. Goroutines may share it.
type Run struct {
	// ID of the benchmark.
	ID string

	sender      *sender
	exitTimeout time.Duration
	stop        context.CancelFunc
	finish      sync.Once
	unsent      error
}

// An UnsentError says that a run sends something no more: it has ended, or could not read a file of its own.
// What is in files is sent by [Sync] or the command ltb-sync.
type UnsentError struct {
	// Evaluations that wait in files; Lost are those that could not even be written there.
	Evaluations, Lost int
	// Paths of the files: that of the run, and those that it could not read.
	Paths []string
	// Cause is what sending, or a file, failed with last; nil if neither did.
	Cause error

	isEndLost bool
}

func (e *UnsentError) Error() string {
	var parts []string
	files := strings.Join(e.Paths, ", ")
	if e.Evaluations > 0 {
		parts = append(parts, fmt.Sprintf("%d evaluations are not sent. They are in %s: send them by ltb-sync", e.Evaluations, files))
	} else if len(e.Paths) > 0 {
		parts = append(parts, fmt.Sprintf("the run's end is not sent. It is in %s: send it by ltb-sync", files))
	}
	if e.Lost > 0 {
		parts = append(parts, fmt.Sprintf("%d evaluations are lost, because the spool could not be written", e.Lost))
	}
	if e.isEndLost {
		parts = append(parts, "the run's end is lost, because the spool could not be written")
	}
	text := "recorder: " + strings.Join(parts, "; ")
	if e.Cause != nil {
		text += fmt.Sprintf(" (%v)", e.Cause)
	}
	return text
}

// Unwrap returns the cause.
func (e *UnsentError) Unwrap() error { return e.Cause }

// Start begins a run. It waits for nothing: the benchmark is created behind it. End it by [Run.Finish], or
// what is still in memory is lost with the process.
//
// An error names the option that is wrong.
func Start(client *ltb.Client, options Options) (*Run, error) {
	create, err := options.request()
	if err != nil {
		return nil, fmt.Errorf("recorder: %w", err)
	}
	log := options.Log
	if log == nil {
		log = slog.Default()
	}
	ctx, stop := context.WithCancel(context.Background())
	sending := &sender{
		delivery: delivery{client: client, log: log},
		create:   entryOf(create),
		spool:    spool{url: client.URL(), create: create},
		changed:  make(chan struct{}),
		wake:     make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
	go sending.work(ctx)
	return &Run{ID: create.Id, sender: sending, exitTimeout: options.exitTimeout(), stop: stop}, nil
}

// Log records one evaluation. It takes microseconds, waits for nothing and cannot fail: what can never be
// stored is logged, and kept in rejected.jsonl of the spool. After Finish it goes to a file that [Sync] or the
// command ltb-sync sends once this process has ended.
func (r *Run) Log(evaluation Evaluation) {
	message, err := evaluation.message(r.ID)
	if err != nil {
		r.sender.delivery.reject(message, err.Error())
		return
	}
	r.sender.put(message)
}

// LogDurable records one evaluation, and returns once it is on the disk. It is then sent even if the process
// is killed: by [Sync] or the command ltb-sync. The error says that it is not on the disk, or can never be
// stored.
func (r *Run) LogDurable(evaluation Evaluation) error {
	message, err := evaluation.message(r.ID)
	if err == nil {
		err = r.sender.putDurable(message)
	}
	if err != nil {
		return fmt.Errorf("recorder: %w", err)
	}
	return nil
}

// Flush waits until nothing is left that is not stored, or the context or the run ends. It returns an
// [*UnsentError] if the run sends something no more.
func (r *Run) Flush(ctx context.Context) error { return r.sender.flush(ctx) }

// Finish ends the run, sends what is left, and waits for that no longer than ExitTimeout. Without an error
// the benchmark is COMPLETED, with one that is [context.Canceled] CANCELLED, with any other FAILED.
//
//	defer func() { run.Finish(err) }()
//
// It returns an [*UnsentError] if something could not be sent in time. Calls after the first do nothing.
func (r *Run) Finish(failure error) error {
	r.finish.Do(func() {
		end := &ltbv1.UpdateBenchmarkRequest{Id: r.ID, Status: new(statusOf(failure))}
		if failure != nil && *end.Status == ltbv1.BenchmarkStatus_BENCHMARK_STATUS_FAILED {
			end.Error = new(texts.Error(failure.Error(), "error"))
		}
		ctx, cancel := context.WithTimeout(context.Background(), r.exitTimeout)
		defer cancel()
		r.unsent = r.sender.close(ctx, entryOf(end), r.stop)
	})
	return r.unsent
}

func statusOf(failure error) ltbv1.BenchmarkStatus {
	switch {
	case failure == nil:
		return ltbv1.BenchmarkStatus_BENCHMARK_STATUS_COMPLETED
	case errors.Is(failure, context.Canceled):
		return ltbv1.BenchmarkStatus_BENCHMARK_STATUS_CANCELLED
	}
	return ltbv1.BenchmarkStatus_BENCHMARK_STATUS_FAILED
}

// close sends what is left, keeps in the spool what cannot be sent in time, and ends the work.
func (s *sender) close(ctx context.Context, end entry, stop context.CancelFunc) error {
	s.mu.Lock()
	s.end = &end
	s.mu.Unlock()
	s.flush(ctx) // What it could not wait for is found below.
	stop()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isOver = true
	s.spill()
	if s.end != nil {
		s.keep(*s.end)
		s.end = nil
	}
	s.leave(s.failure)
	return s.unsent()
}

func (o Options) exitTimeout() time.Duration {
	if o.ExitTimeout > 0 {
		return o.ExitTimeout
	}
	if seconds, err := strconv.ParseFloat(os.Getenv("LTB_EXIT_TIMEOUT"), 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second))
	}
	return exitTimeout
}

func (o Options) request() (*ltbv1.CreateBenchmarkRequest, error) {
	provider := o.Provider
	if provider == "" {
		provider = "unknown"
		if first, _, has := strings.Cut(o.Model, "/"); has && first != "" {
			provider = first
		}
	}
	total, err := countOf("Total", o.Total)
	if err := errors.Join(err,
		checkText("Name", o.Name, 1, 255), checkText("Model", o.Model, 1, 255), checkText("Dataset", o.Dataset, 1, 255),
		checkText("Provider", provider, 1, 100), checkLabels(o.Labels),
	); err != nil {
		return nil, err
	}
	request := &ltbv1.CreateBenchmarkRequest{
		Id: o.ID, Name: o.Name, Provider: provider, Model: o.Model, Dataset: o.Dataset,
		TotalIterations: total, Labels: o.Labels,
	}
	if o.ID == "" {
		request.Id = ids.New()
	} else if !ids.IsUUID(o.ID) {
		return nil, fmt.Errorf("ID: expected a UUID, got %q", o.ID)
	}
	if len(o.Metadata) > 0 {
		if request.MetadataJson, err = textOf("Metadata", o.Metadata); err != nil {
			return nil, err
		}
	}
	return request, nil
}

func checkLabels(labels map[string]string) error {
	if len(labels) > mostLabels {
		return fmt.Errorf("expected at most %d Labels, got %d", mostLabels, len(labels))
	}
	for key, value := range labels {
		err := cmp.Or(checkText("a key of Labels", key, 1, 63), checkText(fmt.Sprintf("Labels[%q]", key), value, 0, 255))
		if err != nil {
			return err
		}
	}
	return nil
}

func checkText(name, text string, least, most int) error {
	if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return fmt.Errorf("%s: expected text in UTF-8 without NUL, got %.80q", name, text)
	}
	if length := utf8.RuneCountInString(text); length < least || length > most {
		return fmt.Errorf("%s: expected %d to %d characters, got %d", name, least, most, length)
	}
	return nil
}
