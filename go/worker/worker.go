package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/ltbv1"
)

const (
	// Time at a stop for handlers that were told to return, and then for outcomes to be delivered.
	abortGrace    = time.Second
	deliveryGrace = 5 * time.Second
	// Limits of the service.
	mostCapacity = 10_000
	batchItems   = 1_000
)

// Options of a worker.
type Options struct {
	// WorkerID is the name of the worker, 1 to 255 characters: unique to a running process, and the same
	// after a restart. Required.
	WorkerID string
	// Capacity is how many jobs run at the same time, 1 to 10000. Default: 1.
	Capacity int
	// Prefetch is how many jobs are held ready beyond the running ones, so that short jobs (below about
	// 100 ms) follow each other without a pause. Their timeouts run while they wait, and no other worker can
	// take them. At most 10000 together with Capacity. Default: 0.
	Prefetch int
	// Tags that the worker offers. It only gets jobs whose required_tags are all among them.
	Tags []string
	// Metadata is stored with the registration.
	Metadata *structpb.Struct
	// Version of the worker's software.
	Version string
	// Lease is the silence after which others get the worker's jobs, 1 s to 1 h. Default: 30 s.
	Lease time.Duration
	// DrainTimeout is how long jobs may run after a stop before they are told to stop, and given back.
	// Negative: not at all. Default: 30 s.
	DrainTimeout time.Duration
	// HandleSignals: SIGTERM and SIGINT stop the worker in order; a second one ends the process.
	HandleSignals bool
	// Log gets what happens. Default: slog.Default().
	Log *slog.Logger
}

// A Worker runs jobs. Give it handlers by [Handle] before it runs.
type Worker struct {
	client   *ltb.Client
	options  Options
	log      *slog.Logger
	handlers map[string]handler

	mu sync.Mutex
	// changed is closed, and made anew, when something changed that others wait for.
	changed    chan struct{}
	leases     leases
	claims     claims
	registered registration
	isDraining bool
	isStopping bool

	outcomes *deliveries
	progress *progress
}

// A handler runs a job and returns its result.
type handler func(ctx context.Context, lease *ltbv1.Lease, progress func(float64, string)) (Result, error)

// New makes a worker. An error names the option that is wrong.
func New(client *ltb.Client, options Options) (*Worker, error) {
	if options.Capacity == 0 {
		options.Capacity = 1
	}
	if options.Lease == 0 {
		options.Lease = 30 * time.Second
	}
	if options.DrainTimeout == 0 {
		options.DrainTimeout = 30 * time.Second
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	if length := utf8.RuneCountInString(options.WorkerID); length < 1 || length > 255 {
		return nil, fmt.Errorf("worker: WorkerID: expected 1 to 255 characters, got %d", length)
	}
	for name, texts := range map[string][]string{
		"WorkerID": {options.WorkerID}, "Tags": options.Tags, "Version": {options.Version},
	} {
		for _, text := range texts {
			if !utf8.ValidString(text) {
				return nil, fmt.Errorf("worker: %s: expected text in UTF-8, got %.80q", name, text)
			}
		}
	}
	if _, err := proto.Marshal(options.Metadata); err != nil {
		return nil, fmt.Errorf("worker: Metadata: %w", err)
	}
	if options.Capacity < 1 || options.Capacity > mostCapacity {
		return nil, fmt.Errorf("worker: Capacity: expected 1 to %d, got %d", mostCapacity, options.Capacity)
	}
	if most := mostCapacity - options.Capacity; options.Prefetch < 0 || options.Prefetch > most {
		return nil, fmt.Errorf("worker: Prefetch: expected 0 to %d, got %d", most, options.Prefetch)
	}
	if options.Lease < time.Second || options.Lease > time.Hour {
		return nil, fmt.Errorf("worker: Lease: expected 1s to 1h, got %v", options.Lease)
	}
	w := &Worker{
		client: client, options: options, log: options.Log.With("worker", options.WorkerID),
		handlers: map[string]handler{}, changed: make(chan struct{}),
		leases: leases{capacity: options.Capacity, prefetch: options.Prefetch, held: map[string]*held{}},
	}
	w.claims.begin()
	w.registered.heartbeatInterval = 5 * time.Second
	w.outcomes = w.newDeliveries()
	w.progress = &progress{worker: w, latest: map[*held]*ltbv1.UpdateJobProgressItem{}}
	return w, nil
}

// Handle has the worker run jobs of a type by a handler; "*" is for all types without one. An error fails
// the attempt with its text: see [Permanent] and [RetryLater]. The context ends when the work is no longer of
// use, and [context.Cause] says why; a handler that ignores it keeps its place in the worker's capacity
// until it returns. A payload that T cannot hold fails the job for good.
//
// It panics if the type is no text in UTF-8, or has a handler already.
func Handle[T any](w *Worker, jobType string, handle func(context.Context, *Job[T]) (Result, error)) {
	if !utf8.ValidString(jobType) {
		panic(fmt.Sprintf("worker: expected a job type in UTF-8, got %q", jobType))
	}
	if _, has := w.handlers[jobType]; has {
		panic(fmt.Sprintf("worker: jobs of type %q have a handler already", jobType))
	}
	w.handlers[jobType] = func(ctx context.Context, lease *ltbv1.Lease, progress func(float64, string)) (Result, error) {
		job := &Job[T]{Job: lease.Job, Lease: lease, progress: progress}
		if text := lease.Job.PayloadJson; text != "" {
			if err := json.Unmarshal([]byte(text), &job.Payload); err != nil {
				return Result{}, Permanent(fmt.Errorf("payload: expected %T: %w", job.Payload, err))
			}
		}
		return handle(ctx, job)
	}
}

func (w *Worker) handlerOf(jobType string) handler {
	if found, has := w.handlers[jobType]; has {
		return found
	}
	return w.handlers["*"]
}

// jobTypes are the types that it claims; none: every type.
func (w *Worker) jobTypes() []string {
	if _, any := w.handlers["*"]; any {
		return nil
	}
	return slices.Sorted(maps.Keys(w.handlers))
}

// Run runs jobs until the context ends. Then it stops in order: it claims no more, gives back jobs that have
// not started, waits for running jobs, delivers their outcomes and leaves the registry. It may be called
// once.
//
// When an operator drains the worker, it finishes running jobs, gives back jobs that have not started, and
// stays registered without work until it is stopped or the drain ends. The error is that of a service which
// refuses the worker's key or one of its options.
func (w *Worker) Run(ctx context.Context) error {
	if len(w.handlers) == 0 {
		return errors.New("worker: expected at least one handler: see Handle")
	}
	if w.options.HandleSignals {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
		defer stop()
		// The next signal ends the process.
		context.AfterFunc(ctx, stop)
	}
	// What goes on after the stop has begun.
	all, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer w.outcomes.abandon()
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.isStopping = true
		w.notify()
	})
	w.progress.ctx = all
	if isRegistered, err := w.register(ctx); !isRegistered {
		return err
	}
	w.log.Info("registered", "capacity", w.options.Capacity, "prefetch", w.options.Prefetch, "jobTypes", w.jobTypes())
	var beating sync.WaitGroup
	beating.Go(func() { w.beat(all) })
	w.poll(ctx)
	w.finish()
	end()
	beating.Wait()
	w.deregister("the worker stopped")
	return nil
}

// notify wakes those that wait for a change. The caller has the lock.
func (w *Worker) notify() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// until waits until the condition holds, which is looked at under the lock after each change; it tells
// whether it does within that time.
func (w *Worker) until(limit time.Duration, condition func() bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		w.mu.Lock()
		holds, changed := condition(), w.changed
		w.mu.Unlock()
		if holds {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// startJobs runs jobs while there is room. The caller has the lock.
func (w *Worker) startJobs() {
	for held := w.leases.start(); held != nil; held = w.leases.start() {
		go w.runJob(held)
	}
}

// received takes the leases that a call has brought. The caller has the lock.
func (w *Worker) received(granted []*ltbv1.Lease, at time.Time) {
	for _, lease := range granted {
		w.leases.add(lease, at)
	}
	if w.isStopping {
		w.giveBackQueued()
	} else {
		w.startJobs()
	}
	w.notify()
}

// giveBackQueued gives back the jobs that have not started. The caller has the lock.
func (w *Worker) giveBackQueued() {
	for _, held := range w.leases.takeQueued() {
		w.outcomes.releases.add(giveBack(held))
	}
}

// ordered follows the drain that the service orders. The caller has the lock.
func (w *Worker) ordered(drain bool) {
	if drain == w.isDraining {
		return
	}
	w.isDraining = drain
	if drain {
		w.log.Info("told to drain: no more jobs are claimed")
		w.giveBackQueued()
	} else {
		w.log.Info("the drain has ended")
	}
	w.notify()
}

// finish waits for running jobs and for the delivery of their outcomes.
func (w *Worker) finish() {
	started := time.Now()
	w.mu.Lock()
	w.giveBackQueued()
	w.mu.Unlock()
	isIdle := func() bool { return w.leases.running == 0 }
	if !w.until(max(0, w.options.DrainTimeout), isIdle) {
		w.mu.Lock()
		w.log.Warn("jobs still run; telling them to stop", "jobs", w.leases.running)
		for _, held := range w.leases.held {
			if held.state == running {
				held.abort(ErrStopped)
			}
		}
		w.mu.Unlock()
		w.until(abortGrace, isIdle)
	}
	left := max(w.options.DrainTimeout-time.Since(started), deliveryGrace)
	w.outcomes.hurry(left)
	if !w.until(left, func() bool { return w.outcomes.size() == 0 }) {
		w.log.Error("outcomes could not be delivered in time; the jobs will run again", "outcomes", w.outcomes.size())
	}
}
