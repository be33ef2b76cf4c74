package worker

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/wait"
	"example.org/llm-test-bench/go/ltbv1"
)

// beat keeps worker and leases alive until the context ends, also those of waiting jobs and undelivered
// outcomes, at the interval that the service asks for, or three times per lease if that is shorter.
func (w *Worker) beat(ctx context.Context) {
	failures := 0
	for {
		interval := w.heartbeatInterval()
		if failures > 0 {
			interval = min(interval, wait.Backoff(failures, 100*time.Millisecond, 2*time.Second))
		}
		if !wait.Pause(ctx, interval) {
			return
		}
		err := w.heartbeat(ctx)
		if err == nil {
			failures = 0
			continue
		}
		if ctx.Err() != nil {
			return
		}
		failures++
		var failed *ltb.Error
		if errors.As(err, &failed) && failed.Code == codes.NotFound {
			w.registerAgain(ctx)
		} else {
			w.log.Warn("the heartbeat failed; trying again", "err", err)
		}
	}
}

func (w *Worker) heartbeatInterval() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return min(w.registered.heartbeatInterval, w.options.Lease/3)
}

func (w *Worker) heartbeat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(w.heartbeatInterval(), time.Second))
	defer cancel()
	request := &ltbv1.HeartbeatRequest{WorkerId: w.options.WorkerID, Lease: durationpb.New(w.options.Lease)}
	w.mu.Lock()
	all := make([]*held, 0, len(w.leases.held))
	for _, one := range w.leases.held {
		all = append(all, one)
		request.Leases = append(request.Leases, one.ref())
	}
	w.mu.Unlock()
	sent := time.Now()
	answer, err := w.client.Workers.Heartbeat(ctx, request)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop(answer.Cancelled, ErrCancelled)
	w.drop(answer.Lost, ErrLost)
	if answer.ExpiresIn != nil {
		for _, one := range all {
			one.expiresAt = sent.Add(answer.ExpiresIn.AsDuration())
		}
	}
	w.ordered(answer.Drain)
	// Leases may have been renewed that seemed expired.
	if !w.isStopping {
		w.startJobs()
	}
	w.notify()
	return nil
}

// drop drops leases that the service no longer knows. The caller has the lock.
func (w *Worker) drop(refs []*ltbv1.LeaseRef, cause error) {
	for _, ref := range refs {
		if one := w.leases.find(ref); one != nil {
			w.leases.drop(one, cause)
		}
	}
}
