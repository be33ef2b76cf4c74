package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/once"
	"example.org/llm-test-bench/go/internal/wait"
)

const (
	// Number of batches that may be on their way at once, because a slow one should not delay the others.
	senders = 4
	// Time that items gather while another batch is on its way.
	gather       = 5 * time.Millisecond
	callTimeout  = 30 * time.Second
	longestPause = time.Second
	// Of a batch with an item that may be wrong.
	longestPauseSuspect = 10 * time.Second
)

// An outbox delivers items in batches: at once if none is on its way, else gathered for a few milliseconds.
// A batch that fails for a passing reason is sent again; a refused one is halved until the wrong item stands
// alone. Its callbacks are called without its lock.
type outbox[Item, Answer any] struct {
	ctx context.Context
	// send sends a batch. The answers are in its order.
	send func(context.Context, []Item) ([]Answer, error)
	// weigh returns the weight of an item. Those of a batch add up to at most 1, unless the item is alone.
	weigh    func(Item) float64
	answered func(Item, Answer)
	// refused is called for an item that the service will never accept.
	refused func(Item, error)
	// delayed is called when a batch could not be sent and will be tried again.
	delayed func(err error, items int)

	mu      sync.Mutex
	waiting []Item
	sending int // Batches on their way.
	sent    int // Items on their way.
	timer   *time.Timer
	asked   wait.Asked
}

// size is the number of items without an answer.
func (o *outbox[Item, Answer]) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) + o.sent
}

func (o *outbox[Item, Answer]) add(item Item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, item)
	o.arm()
}

func (o *outbox[Item, Answer]) arm() {
	if o.timer != nil || len(o.waiting) == 0 || o.sending >= senders || o.ctx.Err() != nil {
		return
	}
	after := gather
	if o.sending == 0 {
		after = 0
	}
	o.timer = time.AfterFunc(after, o.flush)
}

func (o *outbox[Item, Answer]) flush() {
	o.mu.Lock()
	o.timer = nil
	items := o.take()
	o.sending++
	o.sent += len(items)
	o.arm()
	o.mu.Unlock()
	o.deliver(items)
	o.mu.Lock()
	o.sending--
	o.arm()
	o.mu.Unlock()
}

func (o *outbox[Item, Answer]) take() []Item {
	weight := 0.0
	for at, item := range o.waiting {
		weight += o.weigh(item)
		if weight > 1 && at > 0 {
			items := o.waiting[:at:at]
			o.waiting = o.waiting[at:]
			return items
		}
	}
	items := o.waiting
	o.waiting = nil
	return items
}

func (o *outbox[Item, Answer]) deliver(items []Item) {
	for attempt := 1; o.ctx.Err() == nil && len(items) > 0; attempt++ {
		answers, err := o.try(items)
		if err == nil {
			for at, item := range items {
				o.settle(func() { o.answered(item, answers[at]) })
			}
			return
		}
		if o.ctx.Err() != nil {
			return
		}
		verdict := judge(err)
		if verdict == refused && len(items) == 1 {
			o.settle(func() { o.refused(items[0], err) })
			return
		}
		if verdict != later && len(items) > 1 {
			var first sync.WaitGroup
			first.Go(func() { o.deliver(items[:len(items)/2]) })
			o.deliver(items[len(items)/2:])
			first.Wait()
			return
		}
		o.delayed(err, len(items))
		longest := longestPause
		if verdict != later {
			longest = longestPauseSuspect
		}
		o.asked.Wait(o.ctx, ltb.RetryAfter(err))
		wait.Pause(o.ctx, wait.Backoff(attempt, 50*time.Millisecond, longest))
	}
}

func (o *outbox[Item, Answer]) try(items []Item) ([]Answer, error) {
	ctx, cancel := context.WithTimeout(o.ctx, callTimeout)
	defer cancel()
	answers, err := o.send(once.Of(ctx), items)
	if err == nil && len(answers) != len(items) {
		err = fmt.Errorf("%d items got %d answers", len(items), len(answers))
	}
	return answers, err
}

func (o *outbox[Item, Answer]) settle(report func()) {
	o.mu.Lock()
	o.sent--
	o.mu.Unlock()
	report()
}

// A verdict is what an error says about a batch. later: nothing. refused: the service will never accept an
// item of it. suspect: perhaps one item is wrong, so each should be tried alone.
type verdict int

const (
	later verdict = iota
	refused
	suspect
)

func judge(err error) verdict {
	var failed *ltb.Error
	if !errors.As(err, &failed) {
		return suspect
	}
	switch failed.Code {
	case codes.ResourceExhausted:
		if failed.RetryAfter > 0 {
			return later
		}
		return refused
	// A revoked key or a removed worker may come back.
	case codes.Unavailable, codes.Aborted, codes.Canceled, codes.Unauthenticated, codes.PermissionDenied, codes.NotFound:
		return later
	case codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition:
		return refused
	}
	return suspect
}
