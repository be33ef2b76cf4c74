package worker

import (
	"errors"
	"fmt"
	"time"

	"example.org/llm-test-bench/go/ltbv1"
)

// A Job is what a handler runs. T is what its payload is decoded into, by encoding/json.
type Job[T any] struct {
	// Job has every field of the job but attempts, with its JSON documents as texts.
	*ltbv1.Job
	// Payload is the decoded payload.
	Payload T
	// Lease that the job runs under: its epoch, and the number of the attempt.
	Lease *ltbv1.Lease

	progress func(fraction float64, message string)
}

// Report tells the progress of the job: a share from 0 to 1 (negative: unchanged), and a message of at most
// 1024 characters (empty: unchanged). The service gets at most one report a second, however often it is
// called.
func (j *Job[T]) Report(fraction float64, message string) { j.progress(fraction, message) }

// A Result is what a handler's job is completed with. The zero value is no result.
type Result struct {
	// Value becomes JSON by encoding/json, at most 1 MiB.
	Value any
	// Evaluations are stored with the value or not at all, and only once, however often the job was tried; at
	// most 1000. Their benchmark is the job's unless they name another.
	Evaluations []*ltbv1.NewEvaluation
}

// Causes of a handler's ended context: see [context.Cause].
var (
	// ErrCancelled: somebody cancelled the job.
	ErrCancelled = errors.New("the job was cancelled")
	// ErrLost: the lease is no longer this worker's.
	ErrLost = errors.New("the lease was lost: the job is no longer this worker's")
	// ErrTimeout: the job's timeout_seconds are over. The service records that by itself.
	ErrTimeout = errors.New("the job's time is over")
	// ErrStopped: the worker stops and cannot wait any longer. The job is given back.
	ErrStopped = errors.New("the worker is stopping")
)

// A failure is an error that no retry would mend.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// Permanent makes an error that fails the job for good, even if retries are left.
func Permanent(err error) error { return failure{err} }

// A putOff is an error that gives the job back for later.
type putOff struct {
	error
	after        time.Duration
	holdLimitKey bool
}

func (p putOff) Unwrap() error { return p.error }

// RetryLater makes an error that gives the job back for later, at most 7 days: the answer to a provider's
// rate limit. That costs no retry, as often as the job's max_snoozes allows; more often it is a failed
// attempt. No other job with the job's limit key starts meanwhile, on any worker, for at most an hour at a
// time: see [RetryThisLater].
func RetryLater(after time.Duration, err error) error {
	return putOff{err, min(max(after, time.Millisecond), 7*24*time.Hour), true}
}

// RetryThisLater is [RetryLater] for what concerns this job alone: others with its limit key go on.
func RetryThisLater(after time.Duration, err error) error {
	return putOff{err, min(max(after, time.Millisecond), 7*24*time.Hour), false}
}

// A panicError is what a handler panicked with.
type panicError struct {
	value any
	stack []byte
}

func (p panicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", p.value, p.stack) }
