package wait

import (
	"context"
	"testing"
	"time"
)

func TestBackoffDoublesUpToItsLimit(t *testing.T) {
	for attempt, want := range map[int]time.Duration{1: 100, 2: 200, 3: 400, 10: 1000, 100: 1000} {
		for range 100 {
			got := Backoff(attempt, 100, 1000)
			if got < want/2 || got > want {
				t.Errorf("attempt %d: got %d, want from %d to %d", attempt, got, want/2, want)
			}
		}
	}
}

func TestAPauseEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if PauseBefore(ctx, time.Hour) || Pause(ctx, time.Hour) {
		t.Error("it waited for an hour")
	}
	if !PauseBefore(t.Context(), time.Millisecond) {
		t.Error("it did not wait")
	}
}
