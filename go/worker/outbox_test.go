package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	ltb "example.org/llm-test-bench/go"
)

// A recorded outbox notes what became of its items, which are numbers.
type recorded struct {
	*outbox[int, string]
	mu                sync.Mutex
	batches           [][]int
	answered, refused []int
	done              chan struct{}
}

func record(t *testing.T, expected int, send func([]int) error) *recorded {
	made := &recorded{done: make(chan struct{})}
	settle := func(into *[]int, item int) {
		made.mu.Lock()
		defer made.mu.Unlock()
		*into = append(*into, item)
		if len(made.answered)+len(made.refused) == expected {
			close(made.done)
		}
	}
	made.outbox = &outbox[int, string]{
		ctx: t.Context(),
		send: func(_ context.Context, batch []int) ([]string, error) {
			made.mu.Lock()
			made.batches = append(made.batches, slices.Clone(batch))
			made.mu.Unlock()
			return make([]string, len(batch)), send(batch)
		},
		weigh:    func(item int) float64 { return float64(item) / 100 },
		answered: func(item int, _ string) { settle(&made.answered, item) },
		refused:  func(item int, _ error) { settle(&made.refused, item) },
		delayed:  func(error, int) {},
	}
	return made
}

func (r *recorded) wait(t *testing.T) {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(10 * time.Second):
		t.Fatal("the items were not settled")
	}
	slices.Sort(r.answered)
}

func TestARefusedBatchIsHalvedUntilTheWrongItemStandsAlone(t *testing.T) {
	box := record(t, 5, func(batch []int) error {
		if slices.Contains(batch, 3) {
			return &ltb.Error{Code: codes.InvalidArgument}
		}
		return nil
	})
	for item := range 5 {
		box.add(item)
	}
	box.wait(t)
	if !slices.Equal(box.answered, []int{0, 1, 2, 4}) || !slices.Equal(box.refused, []int{3}) || box.size() != 0 {
		t.Errorf("answered %v, refused %v, left %d", box.answered, box.refused, box.size())
	}
}

func TestWhatFailsForAPassingReasonIsSentAgain(t *testing.T) {
	var mu sync.Mutex
	failures := []error{
		&ltb.Error{Code: codes.Unavailable}, &ltb.Error{Code: codes.ResourceExhausted, RetryAfter: time.Millisecond},
		&ltb.Error{Code: codes.NotFound}, errors.New("no answer"),
	}
	box := record(t, 1, func([]int) error {
		mu.Lock()
		defer mu.Unlock()
		if len(failures) == 0 {
			return nil
		}
		err := failures[0]
		failures = failures[1:]
		return err
	})
	box.add(7)
	box.wait(t)
	if !slices.Equal(box.answered, []int{7}) || len(box.batches) != 5 {
		t.Errorf("answered %v by %v", box.answered, box.batches)
	}
}

func TestABatchIsNoHeavierThanItMayBe(t *testing.T) {
	box := record(t, 4, func([]int) error { return nil })
	box.outbox.mu.Lock() // All are there before the first is sent.
	box.waiting = []int{60, 40, 50, 200}
	box.arm()
	box.outbox.mu.Unlock()
	box.wait(t)
	want := [][]int{{60, 40}, {50}, {200}}
	for _, batch := range want {
		if !slices.ContainsFunc(box.batches, func(sent []int) bool { return slices.Equal(sent, batch) }) {
			t.Errorf("want %v, sent %v", want, box.batches)
		}
	}
}

func TestWhoHurriesDoesNotWaitAsLongAsTheServiceAsks(t *testing.T) {
	tried := make(chan struct{}, 10)
	var mu sync.Mutex
	left := 2
	box := record(t, 1, func([]int) error {
		tried <- struct{}{}
		mu.Lock()
		defer mu.Unlock()
		if left--; left < 0 {
			return nil
		}
		return &ltb.Error{Code: codes.ResourceExhausted, RetryAfter: time.Hour}
	})
	box.add(7)
	<-tried
	box.asked.Hurry(time.Now().Add(2 * time.Second))
	box.wait(t)
	if !slices.Equal(box.answered, []int{7}) || len(box.batches) != 3 {
		t.Errorf("answered %v by %v", box.answered, box.batches)
	}
}
