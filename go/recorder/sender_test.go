package recorder

import (
	"testing"
	"time"

	ltb "example.org/llm-test-bench/go"
)

func TestAServiceHasTheSenderWaitWithinBounds(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{0: 0, 5 * time.Second: 5 * time.Second, time.Hour: mostAsked} {
		if got := askedBy(&ltb.Error{RetryAfter: asked}); got != want {
			t.Errorf("asked to wait %v: got %v, want %v", asked, got, want)
		}
	}
}
