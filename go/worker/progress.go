package worker

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"example.org/llm-test-bench/go/internal/texts"
	"example.org/llm-test-bench/go/ltbv1"
)

const (
	// Shortest time between reports. Only the latest report of each job is sent.
	reportInterval = time.Second
	reportTimeout  = 10 * time.Second
	mostMessage    = 1_024
)

// Progress reports of jobs go to the service, which tells whether they were cancelled or lost. A report that
// cannot be sent is dropped in favour of the next.
type progress struct {
	worker *Worker
	ctx    context.Context // It ends them.

	mu       sync.Mutex
	latest   map[*held]*ltbv1.UpdateJobProgressItem
	lastSent time.Time
	isArmed  bool
}

func (p *progress) report(job *held, fraction float64, message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	item := p.latest[job]
	if item == nil {
		item = &ltbv1.UpdateJobProgressItem{JobId: job.lease.Job.Id, Epoch: job.lease.Epoch}
		p.latest[job] = item
	}
	if fraction >= 0 { // Not a number is neither.
		item.Progress = new(min(1, fraction))
	}
	if message != "" {
		item.Message = new(texts.Cut(texts.Clean(message), mostMessage))
	}
	p.arm()
}

func (p *progress) arm() {
	if p.isArmed || len(p.latest) == 0 || p.ctx.Err() != nil {
		return
	}
	p.isArmed = true
	time.AfterFunc(time.Until(p.lastSent.Add(reportInterval)), func() {
		p.send()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.isArmed = false
		p.arm()
	})
}

// take takes the reports of jobs that still run, at most one batch.
func (p *progress) take() (jobs []*held, items []*ltbv1.UpdateJobProgressItem) {
	p.worker.mu.Lock()
	defer p.worker.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastSent = time.Now()
	for job, item := range p.latest {
		if len(items) == batchItems {
			break
		}
		delete(p.latest, job)
		if job.state == running {
			jobs, items = append(jobs, job), append(items, item)
		}
	}
	return jobs, items
}

func (p *progress) send() {
	jobs, items := p.take()
	if len(items) == 0 {
		return
	}
	w := p.worker
	ctx, cancel := context.WithTimeout(p.ctx, reportTimeout)
	defer cancel()
	sent := time.Now()
	answer, err := w.client.Jobs.UpdateJobProgress(ctx, &ltbv1.UpdateJobProgressRequest{
		WorkerId: w.options.WorkerID, Items: items, Lease: durationpb.New(w.options.Lease),
	})
	if err != nil {
		w.log.Debug("progress could not be reported", "err", err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for at, result := range answer.Results[:min(len(jobs), len(answer.Results))] {
		switch {
		case result.CancelRequested || result.Outcome == ltbv1.LeaseOutcome_LEASE_OUTCOME_CANCELLED:
			w.leases.drop(jobs[at], ErrCancelled)
		case result.Outcome == ltbv1.LeaseOutcome_LEASE_OUTCOME_OK:
			jobs[at].expiresAt = sent.Add(result.ExpiresIn.AsDuration())
		case result.Outcome != ltbv1.LeaseOutcome_LEASE_OUTCOME_REJECTED:
			w.leases.drop(jobs[at], ErrLost)
		}
	}
	w.notify()
}
