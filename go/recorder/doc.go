// Package recorder stores the evaluations of a run while they happen, and never holds the run up.
//
// [Run.Log] takes microseconds and waits for nothing: a goroutine sends batches behind it. What could not be
// sent is kept in a file of the folder LTB_SPOOL_DIR, and [Sync], or the command ltb-sync, sends it. Nothing
// is stored twice, however often it is sent. The Python package of the same repository has the same files.
//
// It runs on Unix, where a file can be deleted while it is open and locked.
package recorder
