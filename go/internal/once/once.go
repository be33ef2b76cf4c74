// Package once marks calls that their caller repeats itself, so that the client must not.
package once

import "context"

type key struct{}

// Of returns a context whose calls are made once.
func Of(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// Is tells whether calls with the context are made once.
func Is(ctx context.Context) bool { return ctx.Value(key{}) != nil }
