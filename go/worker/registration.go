package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/wait"
	"example.org/llm-test-bench/go/ltbv1"
)

const registerTimeout = 10 * time.Second

// hopeless are codes of a registration that never can succeed, for example with a wrong key.
var hopeless = []codes.Code{codes.InvalidArgument, codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented}

// The worker's place in the registry.
type registration struct {
	heartbeatInterval time.Duration // Under the worker's lock.
	again             sync.Mutex
	at                time.Time // Under again.
}

// register registers, however long the service takes to come up, and gives up when the context ends. It tells
// whether it is registered.
func (w *Worker) register(ctx context.Context) (bool, error) {
	for attempt := 1; ctx.Err() == nil; attempt++ {
		err := w.registerOnce(ctx)
		if err == nil {
			return true, nil
		}
		var failed *ltb.Error
		if errors.As(err, &failed) && slices.Contains(hopeless, failed.Code) {
			return false, fmt.Errorf("worker: %w", err)
		}
		if ctx.Err() == nil {
			w.log.Warn("could not register yet; trying again", "attempt", attempt, "err", err)
			wait.Pause(ctx, wait.Backoff(attempt, 100*time.Millisecond, 2*time.Second))
		}
	}
	return false, nil
}

// registerAgain registers after the service did not know the worker, once for all that find this out at the
// same time. If it fails, the next call tells again.
func (w *Worker) registerAgain(ctx context.Context) {
	found := time.Now()
	w.registered.again.Lock()
	defer w.registered.again.Unlock()
	if w.registered.at.After(found) {
		return
	}
	if err := w.registerOnce(ctx); err != nil {
		w.log.Warn("could not register again yet", "err", err)
		return
	}
	w.registered.at = time.Now()
	w.log.Warn("the service did not know this worker; registered again")
}

func (w *Worker) registerOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	places := int32(w.options.Capacity + w.options.Prefetch)
	answer, err := w.client.Workers.RegisterWorker(ctx, &ltbv1.RegisterWorkerRequest{
		WorkerId: w.options.WorkerID, Capacity: &places, Tags: w.options.Tags, JobTypes: w.jobTypes(),
		Metadata: w.options.Metadata, Version: w.options.Version,
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if answer.HeartbeatInterval != nil {
		w.registered.heartbeatInterval = answer.HeartbeatInterval.AsDuration()
	}
	return nil
}

// deregister leaves the registry, if the service can be reached. Jobs still held go to other workers at once.
func (w *Worker) deregister(reason string) {
	for attempt := 1; attempt <= 3; attempt++ {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		answer, err := w.client.Workers.DeregisterWorker(ctx, &ltbv1.DeregisterWorkerRequest{WorkerId: w.options.WorkerID, Reason: reason})
		cancel()
		switch {
		case err == nil:
			w.log.Info("deregistered", "jobsReleased", answer.JobsReleased)
			return
		case errors.Is(err, ltb.ReasonNotFound):
			return
		case attempt == 3:
			w.log.Warn("could not deregister; the leases left will expire", "err", err)
		default:
			time.Sleep(wait.Backoff(attempt, 200*time.Millisecond, time.Second))
		}
	}
}
