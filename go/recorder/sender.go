package recorder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/once"
	"example.org/llm-test-bench/go/internal/wait"
)

const (
	// What is recorded goes out after that time, or when a batch is full.
	linger = 500 * time.Millisecond
	// Beyond that many bytes in memory, evaluations go to the spool.
	mostBytes = 64 << 20
	// Between attempts, once a service is known to be away.
	firstPause = 100 * time.Millisecond
	mostPause  = time.Second
	// Of what a service asks callers to wait.
	mostAsked = 30 * time.Second
	// After so many failures in a row, what waits goes to the disk, where the end of the process spares it.
	failuresInMemory = 3
)

var errEnded = errors.New("the run ended before everything was sent")

// A sender queues what a run records, and sends it behind it: first the benchmark, then evaluations from
// memory, then those of the spool, and last the end of the benchmark.
type sender struct {
	delivery delivery
	create   entry

	mu    sync.Mutex
	spool spool
	queue []entry
	bytes int
	// sending are entries of the queue that are on their way.
	sending []entry
	end     *entry // The end of the benchmark.
	isReady bool   // The benchmark is there.
	isOver  bool   // No more is taken.
	failure error
	// left is what is not sent any more.
	left UnsentError
	// hurried counts those that wait for all to be sent.
	hurried int
	asked   wait.Asked
	// changed is closed, and made anew, when something was sent.
	changed chan struct{}

	wake chan struct{}
	done chan struct{}
}

// put adds an evaluation.
func (s *sender) put(message proto.Message) {
	added := entryOf(message)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOver || s.bytes > mostBytes {
		s.keep(added)
		return
	}
	s.queue = append(s.queue, added)
	s.bytes += added.size
	// The sender lingers by itself, and only needs to know of the first and of a full batch.
	if len(s.queue) == 1 || len(s.queue) == batchItems {
		s.poke()
	}
}

// putDurable adds an evaluation, and returns once it is on the disk.
func (s *sender) putDurable(message proto.Message) error {
	s.mu.Lock()
	if s.isOver {
		s.mu.Unlock()
		return errors.New("the run has ended")
	}
	err := s.spool.append(entryOf(message))
	file, isListed := s.spool.file, s.spool.isListed
	s.mu.Unlock()
	if err != nil {
		return err
	}
	// Others record meanwhile.
	if err := syncFile(file, isListed); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spool.file == file {
		s.spool.isListed = true
	}
	s.poke()
	return nil
}

func (s *sender) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// keep puts an entry into the spool.
func (s *sender) keep(kept entry) {
	if err := s.spool.append(kept); err != nil {
		if kept.kind == "evaluation" {
			s.left.Lost++
		} else {
			s.left.isEndLost = true
		}
		if s.left.Lost <= 1 {
			s.delivery.log.Warn("the spool cannot be written", "err", err)
		}
		s.left.Cause = err
	}
}

// spill puts everything that is not known to be stored into the spool. What is being sent is among it: sent
// twice it is stored once.
func (s *sender) spill() {
	for _, one := range append(s.sending, s.queue...) {
		s.keep(one)
	}
	s.sending, s.queue, s.bytes = nil, nil, 0
}

func (s *sender) isSent() bool {
	return s.isReady && len(s.queue) == 0 && len(s.sending) == 0 && s.spool.isEmpty() && s.end == nil
}

// leave leaves the spool to Sync. What is put there from now on goes to another file.
func (s *sender) leave(cause error) {
	if !s.spool.isEmpty() {
		s.left.Evaluations += s.spool.waiting
		s.left.Paths = append(s.left.Paths, s.spool.path)
		if cause != nil {
			s.left.Cause = cause
		}
	}
	if err := s.spool.close(); err != nil {
		s.delivery.log.Warn("the spool cannot be closed", "path", s.spool.path, "err", err)
	}
	s.spool = spool{url: s.spool.url, create: s.spool.create}
}

// unsent tells what is not sent any more; nil if that is nothing.
func (s *sender) unsent() error {
	if s.left.Evaluations == 0 && s.left.Lost == 0 && len(s.left.Paths) == 0 && !s.left.isEndLost {
		return nil
	}
	told := s.left
	return &told
}

// flush waits until everything is sent that can be.
func (s *sender) flush(ctx context.Context) error {
	if deadline, has := ctx.Deadline(); has {
		s.asked.Hurry(deadline)
	}
	s.mu.Lock()
	s.hurried++
	defer func() { s.hurried--; s.mu.Unlock() }()
	for !s.isSent() {
		s.poke()
		changed := s.changed
		s.mu.Unlock()
		var ended error
		select {
		case <-changed:
		case <-s.done:
			ended = errEnded
		case <-ctx.Done():
			ended = ctx.Err()
		}
		s.mu.Lock()
		if ended != nil && !s.isSent() {
			return fmt.Errorf("recorder: %w", errors.Join(ended, s.failure))
		}
	}
	return s.unsent()
}

// work sends until the context ends.
func (s *sender) work(ctx context.Context) {
	defer close(s.done)
	failures := 0
	for {
		entries, settled, ok := s.next(ctx)
		if !ok {
			return
		}
		if err := s.delivery.send(once.Of(ctx), entries); err != nil {
			if ctx.Err() != nil {
				return
			}
			failures++
			s.failed(err, failures)
			s.asked.Wait(ctx, askedBy(err))
			wait.Pause(ctx, wait.Backoff(failures, firstPause, mostPause))
			continue
		}
		failures = 0
		s.mu.Lock()
		s.failure = nil
		settled()
		s.notify()
		s.mu.Unlock()
	}
}

// askedBy is how long the service has the sender wait.
func askedBy(err error) time.Duration { return min(ltb.RetryAfter(err), mostAsked) }

// notify wakes those that wait for all to be sent.
func (s *sender) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// failed puts what could not be sent back.
func (s *sender) failed(err error, failures int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.delivery.log.Warn("evaluations wait", "err", err)
	}
	s.failure = err
	for _, one := range s.sending {
		s.bytes += one.size
	}
	s.queue = append(s.sending, s.queue...)
	s.sending = nil
	if failures >= failuresInMemory {
		s.spill()
	}
}

// isFull tells whether what waits goes out at once: a batch is full, or somebody is in a hurry.
func (s *sender) isFull() bool {
	return len(s.queue) >= batchItems || s.bytes >= batchBytes || s.hurried > 0 || s.end != nil
}

// next waits for entries to send. It returns them with what to do once they are sent, under the lock.
func (s *sender) next(ctx context.Context) (entries []entry, settled func(), ok bool) {
	for ctx.Err() == nil {
		s.mu.Lock()
		if !s.isFull() && len(s.queue) > 0 {
			s.mu.Unlock()
			s.linger(ctx)
			s.mu.Lock()
		}
		entries, settled = s.take()
		s.mu.Unlock()
		if len(entries) > 0 {
			return entries, settled, true
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		}
	}
	return nil, nil, false
}

// linger waits until the first entry is old enough, or what waits goes out at once.
func (s *sender) linger(ctx context.Context) {
	old := time.NewTimer(linger)
	defer old.Stop()
	for {
		select {
		case <-old.C:
			return
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		isFull := s.isFull()
		s.mu.Unlock()
		if isFull {
			return
		}
	}
}

func (s *sender) take() (entries []entry, settled func()) {
	if !s.isReady {
		return []entry{s.create}, func() { s.isReady = true }
	}
	if len(s.queue) > 0 {
		count, size := 1, s.queue[0].size
		for count < len(s.queue) && count < batchItems && size+s.queue[count].size <= batchBytes {
			size += s.queue[count].size
			count++
		}
		s.sending = s.queue[:count:count]
		s.queue = s.queue[count:]
		s.bytes -= size
		return s.sending, func() { s.sending = nil }
	}
	if !s.spool.isEmpty() {
		found, end, err := s.spool.peek()
		switch {
		case err != nil:
			s.delivery.log.Error("the spool cannot be read, and is left to ltb-sync", "path", s.spool.path, "err", err)
			s.leave(err)
			s.notify()
		case len(found) > 0:
			return found, func() { s.settleSpool(end, len(found)) }
		default:
			s.settleSpool(end, 0)
			s.notify()
		}
	}
	if s.end != nil {
		return []entry{*s.end}, func() { s.end = nil }
	}
	return nil, nil
}

func (s *sender) settleSpool(end int64, evaluations int) {
	if err := s.spool.sent(end, evaluations); err != nil {
		s.delivery.log.Warn("the spool cannot be emptied", "path", s.spool.path, "err", err)
	}
}
