package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"example.org/llm-test-bench/go/internal/texts"
	"example.org/llm-test-bench/go/ltbv1"
)

// runJob runs a job to its end, and hands its outcome on.
func (w *Worker) runJob(job *held) {
	ctx := job.ctx
	if !job.deadlineAt.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, job.deadlineAt, ErrTimeout)
		defer cancel()
	}
	item, err := w.call(ctx, job)
	cause := context.Cause(ctx)
	var later putOff
	isLater := cause == nil && errors.As(err, &later)
	if isLater {
		w.log.Info("the job is given back for later", "job", job.lease.Job.Id, "after", later.after, "err", err)
	} else if err != nil && cause == nil {
		w.log.Warn("the job failed", "job", job.lease.Job.Id, "attempt", job.lease.Attempt, "err", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.leases.ended(job) {
		switch {
		case err == nil:
			w.outcomes.completions.add(completion{job, item})
		case cause == ErrTimeout:
			// It is not sent: the service ends attempts at their timeout itself, and records that.
			w.leases.remove(job)
		case cause == ErrStopped:
			w.outcomes.releases.add(giveBack(job))
		case isLater:
			back := giveBack(job)
			back.item.Delay, back.item.HoldLimitKey = durationpb.New(later.after), later.holdLimitKey
			w.outcomes.releases.add(back)
		default:
			w.outcomes.failures.add(failing{job, failItem(job, err)})
		}
	}
	w.startJobs()
	w.notify()
}

// call calls the handler, and makes its result ready to be sent.
func (w *Worker) call(ctx context.Context, job *held) (item *ltbv1.CompleteJobsItem, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicError{value, debug.Stack()}
		}
	}()
	handle := w.handlerOf(job.lease.Job.JobType)
	if handle == nil {
		return nil, Permanent(fmt.Errorf("this worker has no handler for jobs of type %q", job.lease.Job.JobType))
	}
	result, err := handle(ctx, job.lease, func(fraction float64, message string) { w.progress.report(job, fraction, message) })
	if err != nil {
		return nil, err
	}
	item = &ltbv1.CompleteJobsItem{JobId: job.lease.Job.Id, Epoch: job.lease.Epoch, Evaluations: result.Evaluations}
	if result.Value != nil {
		text, err := json.Marshal(result.Value)
		if err != nil {
			return nil, Permanent(fmt.Errorf("the result cannot be sent: %w", err))
		}
		item.ResultJson = string(text)
	}
	// A text that is no UTF-8 fails here each time, before it gets to the service.
	if _, err := proto.Marshal(item); err != nil {
		return nil, Permanent(fmt.Errorf("the result cannot be sent: %w", err))
	}
	return item, nil
}

func failItem(job *held, err error) *ltbv1.FailJobsItem {
	item := &ltbv1.FailJobsItem{
		JobId: job.lease.Job.Id, Epoch: job.lease.Epoch, Error: texts.Error(err.Error(), "failed without a message"),
	}
	if errors.As(err, &failure{}) {
		item.Retryable = new(false)
	}
	return item
}

// giveBack makes the report of a job that is due again at once.
func giveBack(job *held) release {
	return release{job, &ltbv1.ReleaseJobsItem{JobId: job.lease.Job.Id, Epoch: job.lease.Epoch}}
}
