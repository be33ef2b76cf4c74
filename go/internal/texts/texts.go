// Package texts makes texts that the service can store.
package texts

import "strings"

// MostErrorBytes is the longest error that the service takes.
const MostErrorBytes = 64 * 1024

// Error makes a text one that can be stored as an error, whatever it was made from: a failure must not be
// refused for its words. What is too long is cut off. An empty text becomes the other.
func Error(text, empty string) string {
	// PostgreSQL cannot store a NUL, and protobuf carries UTF-8 alone.
	text = Clean(text)
	if text == "" {
		return empty
	}
	if len(text) > MostErrorBytes {
		const more = "…"
		text = strings.ToValidUTF8(text[:MostErrorBytes-len(more)], "") + more
	}
	return text
}

// Clean replaces what cannot be stored.
func Clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
}

// Cut returns the first characters of a text.
func Cut(text string, characters int) string {
	count := 0
	for at := range text {
		if count == characters {
			return text[:at]
		}
		count++
	}
	return text
}
