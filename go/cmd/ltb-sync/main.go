// Command ltb-sync sends evaluations that their process could not send, to the service of LTB_URL with
// LTB_API_KEY. Nothing is stored twice. Files of running processes are left to them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/recorder"
)

func main() { os.Exit(run()) }

// run returns 0 if nothing is left, else 1.
func run() int {
	url := flag.String("url", "", "address of the service; files for another one are sent there too")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: ltb-sync [-url grpc://host:port] [file ...]   (default: all files of LTB_SPOOL_DIR)")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := ltb.Dial(ltb.Options{URL: *url})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer client.Close()
	options := recorder.SyncOptions{AnyURL: *url != ""}
	if flag.NArg() > 0 {
		options.Files = flag.Args()
	}
	files, err := recorder.Sync(ctx, client, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	left := 0
	for _, file := range files {
		switch {
		case file.IsRunning:
			fmt.Printf("%s: its process is running, and sends it\n", file.Path)
		case file.Err != nil:
			fmt.Fprintf(os.Stderr, "%s: left: %v\n", file.Path, file.Err)
			left = 1
		default:
			fmt.Printf("%s: %d evaluations are stored, %d with another result, %d refused\n", file.Path, file.Stored, file.Conflicts, file.Rejected)
		}
	}
	return left
}
