package texts

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAnErrorCanBeStored(t *testing.T) {
	for given, want := range map[string]string{"": "none", "a\x00b\xffc": "a\ufffdb\ufffdc", "plain": "plain"} {
		if got := Error(given, "none"); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
	long := Error(strings.Repeat("ü", MostErrorBytes), "none")
	if len(long) > MostErrorBytes || !utf8.ValidString(long) || !strings.HasSuffix(long, "ü…") {
		t.Errorf("got %d bytes that end with %q", len(long), long[len(long)-8:])
	}
}

func TestCutCountsCharacters(t *testing.T) {
	if got := Cut("äöü", 2); got != "äö" {
		t.Errorf("got %q", got)
	}
	if got := Cut("äöü", 3); got != "äöü" {
		t.Errorf("got %q", got)
	}
}
