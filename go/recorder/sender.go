package recorder

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	ltb "example.org/llm-test-bench/go"
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
	// After so many failures in a row, what waits goes to the disk, where the end of the process spares it.
	failuresInMemory = 3
)

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
	lost    int
	failure error
	// hurried counts those that wait for all to be sent.
	hurried int
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
	s.bytes += proto.Size(message)
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
			s.lost++
		}
		if s.lost <= 1 {
			s.delivery.log.Warn("the spool cannot be written", "err", err)
		}
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

// flush waits until everything is sent.
func (s *sender) flush(ctx context.Context) error {
	s.mu.Lock()
	s.hurried++
	defer func() { s.hurried--; s.mu.Unlock() }()
	for !s.isSent() {
		s.poke()
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil && !s.isSent() {
			return errors.Join(ctx.Err(), s.failure)
		}
	}
	return nil
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
		if err := s.delivery.send(ctx, entries); err != nil {
			if ctx.Err() != nil {
				return
			}
			failures++
			s.failed(err, failures)
			var failed *ltb.Error
			after := wait.Backoff(failures, firstPause, mostPause)
			if errors.As(err, &failed) {
				after += failed.RetryAfter
			}
			wait.Pause(ctx, after)
			continue
		}
		failures = 0
		s.mu.Lock()
		s.failure = nil
		settled()
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
	}
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
		s.bytes += proto.Size(one.message)
	}
	s.queue = append(s.sending, s.queue...)
	s.sending = nil
	if failures >= failuresInMemory {
		s.spill()
	}
}

// next waits for entries to send. It returns them with what to do once they are sent, under the lock.
func (s *sender) next(ctx context.Context) (entries []entry, settled func(), ok bool) {
	for ctx.Err() == nil {
		s.mu.Lock()
		isFull := len(s.queue) >= batchItems || s.bytes >= batchBytes || s.hurried > 0 || s.end != nil
		if !isFull && len(s.queue) > 0 {
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

// linger waits until the first entry is old enough, a batch is full, or somebody is in a hurry.
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
		isFull := len(s.queue) >= batchItems || s.bytes >= batchBytes || s.hurried > 0 || s.end != nil
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
		count, size := 0, 0
		for count < len(s.queue) && count < batchItems && (count == 0 || size < batchBytes) {
			size += proto.Size(s.queue[count].message)
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
			s.spool.file.Close()
			s.spool = spool{url: s.spool.url, create: s.spool.create}
		case len(found) > 0:
			return found, func() { s.settleSpool(end, len(found)) }
		default:
			s.settleSpool(end, 0)
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
