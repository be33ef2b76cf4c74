package wait

import (
	"context"
	"sync"
	"time"
)

// Asked waits for what a service asks, but no longer than half of the time that is left for whoever is in a
// hurry, so that there is another try. Its zero value is ready; goroutines may share it.
type Asked struct {
	mu       sync.Mutex
	wantedBy time.Time
	changed  chan struct{}
}

// Hurry says when somebody gives up waiting.
func (a *Asked) Hurry(wantedBy time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if wantedBy.After(a.wantedBy) {
		a.wantedBy = wantedBy
	}
	if a.changed != nil {
		close(a.changed)
		a.changed = nil
	}
}

// Wait waits for that time, or until the context ends.
func (a *Asked) Wait(ctx context.Context, asked time.Duration) {
	end := time.Now().Add(asked)
	for isShortened := true; isShortened; {
		until, changed := a.until(end)
		pause, cancel := context.WithDeadline(ctx, until)
		select {
		case <-pause.Done():
			isShortened = false
		case <-changed:
		}
		cancel()
	}
}

// until tells when the pause ends that would end then, and what tells that this has changed.
func (a *Asked) until(end time.Time) (time.Time, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changed == nil {
		a.changed = make(chan struct{})
	}
	if left := time.Until(a.wantedBy); left > 0 && time.Now().Add(left/2).Before(end) {
		end = time.Now().Add(left / 2)
	}
	return end, a.changed
}
