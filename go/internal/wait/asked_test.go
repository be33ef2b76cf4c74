package wait

import (
	"context"
	"testing"
	"time"
)

func TestWhoHurriesWaitsForHalfOfTheTimeThatIsLeft(t *testing.T) {
	var asked Asked
	began := time.Now()
	time.AfterFunc(20*time.Millisecond, func() { asked.Hurry(time.Now().Add(200 * time.Millisecond)) })
	asked.Wait(t.Context(), time.Hour)
	if took := time.Since(began); took < 120*time.Millisecond || took > 10*time.Second {
		t.Errorf("the pause under way took %v", took)
	}
	began = time.Now()
	asked.Hurry(began.Add(time.Hour))
	asked.Wait(t.Context(), 30*time.Millisecond)
	if took := time.Since(began); took < 30*time.Millisecond || took > 10*time.Second {
		t.Errorf("a pause for which there is time took %v", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	asked.Wait(ctx, time.Hour)
}
