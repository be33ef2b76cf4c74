package worker

import (
	"context"
	"slices"
	"time"

	"example.org/llm-test-bench/go/ltbv1"
)

// A state of a lease here: queued until there is room to run it, running, delivering until the service has
// answered its outcome, then gone; also as soon as it is known to be cancelled or lost.
type state int

const (
	queued state = iota
	running
	delivering
	gone
)

// A held lease and its state. Its times are only hints, because the service's clock decides.
type held struct {
	lease      *ltbv1.Lease
	state      state
	expiresAt  time.Time
	deadlineAt time.Time // Zero: none.
	ctx        context.Context
	abort      context.CancelCauseFunc
}

func (h *held) ref() *ltbv1.LeaseRef {
	return &ltbv1.LeaseRef{JobId: h.lease.Job.Id, Epoch: h.lease.Epoch}
}

// The leases that a worker holds. The worker's lock guards them.
type leases struct {
	capacity, prefetch int
	held               map[string]*held
	queue              []*held
	// running counts handlers, with or without a lease; stray those that still run although it is gone.
	running, stray int
}

// wantedAfter returns how many jobs to ask for once so many of those held are gone: 0 while many fetched
// ahead are left, as few large claims are cheaper.
func (l *leases) wantedAfter(freed int) int {
	if 2*len(l.queue) > l.prefetch {
		return 0
	}
	return l.capacity + l.prefetch + freed - len(l.held) - l.stray
}

// add takes a lease. The job's times run from the arrival of the answer.
func (l *leases) add(lease *ltbv1.Lease, at time.Time) {
	if lease.Job == nil {
		return
	}
	if former := l.held[lease.Job.Id]; former != nil {
		if former.lease.Epoch == lease.Epoch {
			return
		}
		// The service would not lease a job again that is still ours.
		l.drop(former, ErrLost)
	}
	ctx, abort := context.WithCancelCause(context.Background())
	added := &held{lease: lease, expiresAt: at.Add(lease.ExpiresIn.AsDuration()), ctx: ctx, abort: abort}
	if lease.DeadlineIn != nil {
		added.deadlineAt = at.Add(lease.DeadlineIn.AsDuration())
	}
	l.held[lease.Job.Id] = added
	l.queue = append(l.queue, added)
}

// start takes the next job if there is room. One whose lease seems expired waits until it is renewed or lost.
func (l *leases) start() *held {
	if l.running >= l.capacity {
		return nil
	}
	now := time.Now()
	next := slices.IndexFunc(l.queue, func(one *held) bool { return one.expiresAt.After(now) })
	if next < 0 {
		return nil
	}
	started := l.queue[next]
	l.queue = slices.Delete(l.queue, next, next+1)
	started.state = running
	l.running++
	return started
}

// ended notes that a handler has ended, and tells whether its outcome is still wanted.
func (l *leases) ended(one *held) bool {
	l.running--
	if one.state != running {
		l.stray--
		return false
	}
	one.state = delivering
	return true
}

// drop notes that the service no longer knows the lease. An outcome under way gets its own answer.
func (l *leases) drop(one *held, cause error) {
	switch one.state {
	case gone, delivering:
		return
	case running:
		l.stray++
	case queued:
		l.queue = slices.DeleteFunc(l.queue, func(other *held) bool { return other == one })
	}
	one.abort(cause)
	l.remove(one)
}

// remove ends a lease after the service has answered its outcome.
func (l *leases) remove(one *held) {
	one.state = gone
	one.abort(nil)
	if l.held[one.lease.Job.Id] == one {
		delete(l.held, one.lease.Job.Id)
	}
}

// takeQueued takes all jobs that have not been started.
func (l *leases) takeQueued() []*held {
	taken := l.queue
	l.queue = nil
	for _, one := range taken {
		one.state = delivering
	}
	return taken
}

func (l *leases) find(ref *ltbv1.LeaseRef) *held {
	if one := l.held[ref.JobId]; one != nil && one.lease.Epoch == ref.Epoch {
		return one
	}
	return nil
}
