package worker

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/llm-test-bench/go/ltbv1"
)

// Bytes of a batch, below the 4 MiB that the service accepts by default.
const batchBytes = 3 << 20

type completion struct {
	job  *held
	item *ltbv1.CompleteJobsItem
}

type failing struct {
	job  *held
	item *ltbv1.FailJobsItem
}

type release struct {
	job  *held
	item *ltbv1.ReleaseJobsItem
}

// Deliveries send the outcomes of jobs to the service, and end their leases when it has answered.
type deliveries struct {
	completions *outbox[completion, *ltbv1.CompleteJobsResult]
	failures    *outbox[failing, *ltbv1.FailJobsResult]
	releases    *outbox[release, *ltbv1.ReleaseJobsResult]
	// abandon gives up what has no answer.
	abandon context.CancelFunc
}

func (d *deliveries) size() int { return d.completions.size() + d.failures.size() + d.releases.size() }

// hurry says how long the worker waits for deliveries from now on.
func (d *deliveries) hurry(left time.Duration) {
	by := time.Now().Add(left)
	d.completions.asked.Hurry(by)
	d.failures.asked.Hurry(by)
	d.releases.asked.Hurry(by)
}

func (w *Worker) newDeliveries() *deliveries {
	ctx, abandon := context.WithCancel(context.Background())
	made := &deliveries{abandon: abandon}
	delayed := func(err error, items int) {
		w.log.Warn("could not be delivered yet; trying again", "items", items, "err", err)
	}
	giveUp := func(job *held, err error) {
		w.log.Error("the outcome was refused; the lease is left to expire", "job", job.lease.Job.Id, "err", err)
		w.settled(job)
	}
	made.completions = &outbox[completion, *ltbv1.CompleteJobsResult]{
		ctx: ctx, delayed: delayed,
		send: func(ctx context.Context, batch []completion) ([]*ltbv1.CompleteJobsResult, error) {
			request := &ltbv1.CompleteJobsRequest{WorkerId: w.options.WorkerID, Next: w.ask(len(batch))}
			for _, one := range batch {
				request.Items = append(request.Items, one.item)
			}
			answer, err := w.client.Jobs.CompleteJobs(ctx, request)
			if request.Next != nil {
				w.answered(answer, err)
			}
			return answer.GetResults(), err
		},
		weigh: func(one completion) float64 {
			return weigh(one.item) + float64(len(one.item.Evaluations))/batchItems
		},
		answered: func(one completion, answer *ltbv1.CompleteJobsResult) {
			w.ended(one.job, "the result", answer.Outcome, answer.Field, answer.Reason)
		},
		refused: func(one completion, err error) {
			made.failures.add(failing{one.job, failItem(one.job, Permanent(fmt.Errorf("the result was refused: %w", err)))})
		},
	}
	made.failures = &outbox[failing, *ltbv1.FailJobsResult]{
		ctx: ctx, delayed: delayed,
		send: func(ctx context.Context, batch []failing) ([]*ltbv1.FailJobsResult, error) {
			request := &ltbv1.FailJobsRequest{WorkerId: w.options.WorkerID, Next: w.ask(len(batch))}
			for _, one := range batch {
				request.Items = append(request.Items, one.item)
			}
			answer, err := w.client.Jobs.FailJobs(ctx, request)
			if request.Next != nil {
				w.answered(answer, err)
			}
			return answer.GetResults(), err
		},
		weigh: func(one failing) float64 { return weigh(one.item) },
		answered: func(one failing, answer *ltbv1.FailJobsResult) {
			w.ended(one.job, "the failure", answer.Outcome, answer.Field, answer.Reason)
		},
		refused: func(one failing, err error) { giveUp(one.job, err) },
	}
	made.releases = &outbox[release, *ltbv1.ReleaseJobsResult]{
		ctx: ctx, delayed: delayed,
		send: func(ctx context.Context, batch []release) ([]*ltbv1.ReleaseJobsResult, error) {
			request := &ltbv1.ReleaseJobsRequest{WorkerId: w.options.WorkerID}
			for _, one := range batch {
				request.Items = append(request.Items, one.item)
			}
			answer, err := w.client.Jobs.ReleaseJobs(ctx, request)
			return answer.GetResults(), err
		},
		weigh: func(release) float64 { return 1.0 / batchItems },
		answered: func(one release, answer *ltbv1.ReleaseJobsResult) {
			w.ended(one.job, "the release", answer.Outcome, answer.Field, answer.Reason)
		},
		refused: func(one release, err error) { giveUp(one.job, err) },
	}
	return made
}

// ended ends a lease, and logs what is not as it should be.
func (w *Worker) ended(job *held, what string, outcome ltbv1.LeaseOutcome, field, reason string) {
	log := w.log.With("job", job.lease.Job.Id, "epoch", job.lease.Epoch)
	switch outcome {
	case ltbv1.LeaseOutcome_LEASE_OUTCOME_OK:
	case ltbv1.LeaseOutcome_LEASE_OUTCOME_REJECTED:
		log.Error(what+" was rejected, which ended the attempt", "field", field, "reason", reason)
	default:
		log.Info(what+" was not accepted: the job is no longer ours", "outcome", outcome)
	}
	w.settled(job)
}

func (w *Worker) settled(job *held) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leases.remove(job)
	w.notify()
}

func weigh(item proto.Message) float64 {
	return max(float64(proto.Size(item))/batchBytes, 1.0/batchItems)
}
