package worker

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/ids"
	"example.org/llm-test-bench/go/internal/wait"
	"example.org/llm-test-bench/go/ltbv1"
)

const (
	// Longest wait of a claim for a job: less than the service allows, as proxies often cut calls at 30 s.
	claimWait    = 20 * time.Second
	claimTimeout = claimWait + 10*time.Second
	// Shortest time between empty answers; sooner ones would make a busy loop.
	emptyAnswer = 100 * time.Millisecond
)

// The state of claims. One is under way at a time. One whose answer was lost is sent again with the same
// request id, by either way, and so gets the same leases. The worker's lock guards it.
type claims struct {
	requestID string
	most      int
	isAsking  bool
}

func (c *claims) begin() {
	c.requestID, c.most = ids.New(), batchItems
}

// granted is what a call has brought.
type granted interface {
	GetLeases() []*ltbv1.Lease
	GetDrain() bool
}

// ask begins a claim of what there is room for once so many of the jobs held have ended; nil if there is
// none, or another claim is under way.
func (w *Worker) ask(freed int) *ltbv1.NextClaim {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.claims.isAsking || w.isDraining || w.isStopping {
		return nil
	}
	wanted := min(w.leases.wantedAfter(freed), w.claims.most)
	if wanted <= 0 {
		return nil
	}
	w.claims.isAsking = true
	return &ltbv1.NextClaim{
		RequestId: w.claims.requestID, MaxJobs: int32(wanted), JobTypes: w.jobTypes(),
		Lease: durationpb.New(w.options.Lease), JsonFormat: ltbv1.JsonFormat_JSON_FORMAT_TEXT,
	}
}

// answered ends a claim.
func (w *Worker) answered(answer granted, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.claims.isAsking = false
	if err == nil {
		w.claims.requestID = ids.New()
		w.claims.most = min(w.claims.most*2, batchItems)
		w.received(answer.GetLeases(), time.Now())
		w.ordered(answer.GetDrain())
	}
	w.notify()
}

// poll claims by long polls until the context ends.
func (w *Worker) poll(ctx context.Context) {
	vain := 0
	for ctx.Err() == nil {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		claim := w.ask(0)
		if claim == nil {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		sent := time.Now()
		leases, err := w.claim(ctx, claim)
		if ctx.Err() != nil {
			return
		}
		var asked time.Duration
		switch {
		case err != nil:
			vain++
			asked = w.claimFailed(ctx, err, int(claim.MaxJobs))
		case leases == 0 && time.Since(sent) < emptyAnswer:
			vain++
		default:
			vain = 0
		}
		if vain > 0 {
			wait.Pause(ctx, asked+wait.Backoff(vain, 50*time.Millisecond, time.Second))
		}
	}
}

func (w *Worker) claim(ctx context.Context, claim *ltbv1.NextClaim) (leases int, err error) {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	answer, err := w.client.Jobs.ClaimJobs(ctx, &ltbv1.ClaimJobsRequest{
		WorkerId: w.options.WorkerID, RequestId: claim.RequestId, MaxJobs: claim.MaxJobs, JobTypes: claim.JobTypes,
		Lease: claim.Lease, JsonFormat: claim.JsonFormat, Wait: durationpb.New(claimWait),
	})
	w.answered(answer, err)
	return len(answer.GetLeases()), err
}

// claimFailed returns the time that the service asks to wait.
func (w *Worker) claimFailed(ctx context.Context, err error, asked int) time.Duration {
	var failed *ltb.Error
	errors.As(err, &failed)
	if failed != nil && failed.Code == codes.NotFound {
		w.registerAgain(ctx)
		return 0
	}
	w.log.Warn("could not claim jobs; trying again", "err", err)
	if failed == nil {
		return 0
	}
	if failed.Code == codes.ResourceExhausted && failed.RetryAfter == 0 {
		// The answer was too large, and the next answer would be as large. The leases of this one expire.
		w.mu.Lock()
		w.claims.requestID, w.claims.most = ids.New(), max(1, asked/2)
		w.mu.Unlock()
	}
	return failed.RetryAfter
}
