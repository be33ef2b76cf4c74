package ltb_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/ids"
	"example.org/llm-test-bench/go/internal/ltbtest"
	"example.org/llm-test-bench/go/ltbv1"
)

var service *ltbtest.Service

func TestMain(m *testing.M) { ltbtest.Main(m, &service) }

func dial(t *testing.T, options ltb.Options) *ltb.Client {
	t.Helper()
	client, err := ltb.Dial(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func benchmarkOn(t *testing.T, client *ltb.Client, dataset string) string {
	t.Helper()
	created, err := client.Benchmarks.CreateBenchmark(t.Context(), &ltbv1.CreateBenchmarkRequest{
		Name: "run", Provider: "openai", Model: "gpt-4o", Dataset: dataset,
	})
	if err != nil {
		t.Fatal(err)
	}
	return created.Benchmark.Id
}

func collect[Item any](t *testing.T, items iter.Seq2[Item, error]) []Item {
	t.Helper()
	var found []Item
	for item, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, item)
	}
	return found
}

func TestErrorsTellReasonAndFacts(t *testing.T) {
	client := dial(t, ltb.Options{})
	const missing = "01890a5d-ac96-774b-bcce-b302099a8057"
	_, err := client.Benchmarks.GetBenchmark(t.Context(), &ltbv1.GetBenchmarkRequest{Id: missing})
	var failed *ltb.Error
	if !errors.As(err, &failed) || !errors.Is(err, ltb.ReasonNotFound) || errors.Is(err, ltb.ReasonConflict) {
		t.Fatalf("got %v", err)
	}
	if failed.Metadata["entity"] != "benchmark" || failed.Metadata["id"] != missing || failed.RequestID == "" {
		t.Errorf("got %+v", failed)
	}
	if status.Code(err) != codes.NotFound {
		t.Errorf("got %v", status.Code(err))
	}
	_, err = client.Benchmarks.CreateBenchmark(t.Context(), &ltbv1.CreateBenchmarkRequest{Provider: "p", Model: "m", Dataset: "d"})
	if !errors.As(err, &failed) || len(failed.Violations) != 1 || failed.Violations[0].Field != "name" {
		t.Errorf("got %v", err)
	}
	if strings.Count(err.Error(), "name") != 1 {
		t.Errorf("it names the field twice or not at all: %v", err)
	}
}

func TestAWrongKeyIsRefused(t *testing.T) {
	client := dial(t, ltb.Options{APIKey: "wrong"})
	if _, err := client.Users.WhoAmI(t.Context(), &ltbv1.WhoAmIRequest{}); !errors.Is(err, ltb.ReasonCredentialInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestARequestIDIsFilledInAndTheRequestStaysAsItWas(t *testing.T) {
	var sent []string
	spy := grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		if request, ok := request.(*ltbv1.CreateJobRequest); ok {
			sent = append(sent, request.RequestId)
		}
		return invoke(ctx, method, request, reply, conn, options...)
	})
	client := dial(t, ltb.Options{DialOptions: []grpc.DialOption{spy}})
	request := &ltbv1.CreateJobRequest{JobType: "go-request-id"}
	var made []string
	for range 2 {
		created, err := client.Jobs.CreateJob(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, created.Job.Id)
	}
	if request.RequestId != "" || made[0] == made[1] || len(sent) != 2 || sent[0] == "" || sent[0] == sent[1] {
		t.Errorf("request %v, made %v, sent %v", request, made, sent)
	}
}

func TestPagesAreReadToTheEnd(t *testing.T) {
	client := dial(t, ltb.Options{})
	dataset := ids.New()
	var made []string
	for range 5 {
		made = append(made, benchmarkOn(t, client, dataset))
	}
	request := &ltbv1.ListBenchmarksRequest{Dataset: dataset, PageSize: 2}
	for range 2 { // The iterator leaves its request as it was.
		found := collect(t, client.Benchmarks.IterBenchmarks(t.Context(), request))
		slices.Reverse(found) // Newest first.
		if !slices.EqualFunc(made, found, func(id string, one *ltbv1.Benchmark) bool { return id == one.Id }) {
			t.Errorf("made %v, found %v", made, found)
		}
	}
	for range client.Benchmarks.IterBenchmarks(t.Context(), request) {
		break
	}
	var last error
	for _, err := range client.Benchmarks.IterBenchmarks(t.Context(), &ltbv1.ListBenchmarksRequest{PageSize: -1}) {
		last = err
	}
	if !errors.Is(last, ltb.ReasonInvalidArgument) {
		t.Errorf("got %v", last)
	}
}

func TestEvaluationsAreStreamedBothWays(t *testing.T) {
	client := dial(t, ltb.Options{})
	id := benchmarkOn(t, client, ids.New())
	many := func(yield func(*ltbv1.NewEvaluation) bool) {
		for at := range 2_500 {
			if !yield(&ltbv1.NewEvaluation{SampleId: fmt.Sprint(at), Input: strings.Repeat("i", 500), Output: new("o"), Score: new(1.0)}) {
				return
			}
		}
	}
	answer, err := client.Benchmarks.StreamEvaluations(t.Context(), id, many)
	if err != nil || answer.Inserted != 2_500 {
		t.Fatalf("got %v, %v", answer, err)
	}
	found := collect(t, client.Benchmarks.ExportEvaluations(t.Context(), &ltbv1.ExportEvaluationsRequest{BenchmarkId: id}))
	if len(found) != 2_500 {
		t.Errorf("got %d", len(found))
	}
	answer, err = client.Benchmarks.StreamEvaluations(t.Context(), id, many)
	if err != nil || answer.Inserted != 0 || answer.Duplicates != 2_500 {
		t.Errorf("got %v, %v", answer, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Benchmarks.StreamEvaluations(ctx, id, many); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAWatchEndsWithItsContext(t *testing.T) {
	client := dial(t, ltb.Options{})
	id := benchmarkOn(t, client, ids.New())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen []ltbv1.BenchmarkStatus
	var last error
	for change, err := range client.Benchmarks.WatchBenchmarks(ctx, &ltbv1.WatchBenchmarksRequest{Ids: []string{id}}) {
		last = err
		if change.GetBenchmark() != nil {
			seen = append(seen, change.Benchmark.Status)
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || !slices.Equal(seen, []ltbv1.BenchmarkStatus{ltbv1.BenchmarkStatus_BENCHMARK_STATUS_PENDING}) {
		t.Errorf("saw %v, got %v", seen, last)
	}
}

func TestADeadlineIsTold(t *testing.T) {
	client := dial(t, ltb.Options{Timeout: time.Nanosecond})
	if _, err := client.Users.WhoAmI(t.Context(), &ltbv1.WhoAmIRequest{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestASilentServiceIsWaitedForNoLongerThanTheDeadline(t *testing.T) {
	client := dial(t, ltb.Options{URL: ltbtest.Silent(t)})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := client.Users.WhoAmI(ctx, &ltbv1.WhoAmIRequest{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestTheConnectionServesOtherServicesToo(t *testing.T) {
	client := dial(t, ltb.Options{})
	answer, err := grpc_health_v1.NewHealthClient(client.Conn()).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("got %v, %v", answer, err)
	}
}

func TestWrongOptionsAreNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		options ltb.Options
		env     map[string]string
		want    string
	}{
		{ltb.Options{URL: "localhost:50052"}, nil, "expected grpc(s)://host:port"},
		{ltb.Options{URL: "http://localhost:50053"}, nil, "the address of an HTTP port"},
		{ltb.Options{URL: "grpc://a/b"}, nil, "expected grpc(s)://host:port"},
		{ltb.Options{URL: "grpc://user:secret@a"}, nil, "without user and password"},
		{ltb.Options{URL: "grpc://user:secret@a/b"}, nil, "without user and password"},
		{ltb.Options{URL: "http://user:secret@a:port"}, nil, "without user and password"},
		{ltb.Options{URL: "grpc://a", TLS: &tls.Config{}}, nil, "TLS: expected none for grpc://a:50052"},
		{ltb.Options{URL: "grpcs://a"}, map[string]string{"LTB_TLS_CA_FILE": file}, "LTB_TLS_CA_FILE: expected certificates in PEM"},
		{ltb.Options{URL: "grpcs://a"}, map[string]string{"LTB_TLS_CA_FILE": file + "x"}, "LTB_TLS_CA_FILE: open"},
		{ltb.Options{URL: "grpcs://a"}, map[string]string{"LTB_TLS_CLIENT_KEY_FILE": file}, "together"},
		{ltb.Options{}, map[string]string{"LTB_URL": "nonsense"}, `"nonsense"`},
	} {
		t.Run(one.want, func(t *testing.T) {
			for name, value := range one.env {
				t.Setenv(name, value)
			}
			_, err := ltb.Dial(one.options)
			if err == nil || !strings.Contains(err.Error(), one.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%+v: got %v", one.options, err)
			}
		})
	}
	if client := dial(t, ltb.Options{URL: "grpcs://[::1]"}); client.URL() != "grpcs://[::1]:443" {
		t.Errorf("got %s", client.URL())
	}
}

func TestTheServiceGoesAwayAndComesBack(t *testing.T) {
	own := ltbtest.StartFor(t)
	options := ltb.Options{URL: own.URL, APIKey: own.Key}
	client := dial(t, options)
	id := benchmarkOn(t, client, ids.New())
	restart := func(t *testing.T) {
		own.Kill()
		back := make(chan error, 1)
		time.AfterFunc(300*time.Millisecond, func() { back <- own.Start() })
		t.Cleanup(func() {
			if err := <-back; err != nil {
				t.Error(err)
			}
		})
	}
	// A read waits for the service, and a create with its request_id, as long as their attempts last.
	until := func(work func() error) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; {
			err := work()
			if err == nil {
				return
			}
			var failed *ltb.Error
			if !errors.As(err, &failed) || failed.Code != codes.Unavailable || time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
	}

	t.Run("only safe calls are repeated", func(t *testing.T) {
		restart(t)
		_, err := client.Jobs.DeleteJob(t.Context(), &ltbv1.DeleteJobRequest{Id: id})
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), options.URL) {
			t.Errorf("got %v", err)
		}
		until(func() error {
			_, err := client.Users.WhoAmI(t.Context(), &ltbv1.WhoAmIRequest{})
			return err
		})
	})

	t.Run("a watch goes on", func(t *testing.T) {
		next, stop := iter.Pull2(client.Benchmarks.WatchBenchmarks(t.Context(), &ltbv1.WatchBenchmarksRequest{Ids: []string{id}}))
		defer stop()
		status := func() ltbv1.BenchmarkStatus {
			for {
				change, err, ok := next()
				if err != nil || !ok {
					t.Fatal(err, ok)
				}
				if change.Benchmark != nil {
					return change.Benchmark.Status
				}
			}
		}
		if got := status(); got != ltbv1.BenchmarkStatus_BENCHMARK_STATUS_PENDING {
			t.Errorf("got %v", got)
		}
		restart(t)
		until(func() error {
			running := ltbv1.BenchmarkStatus_BENCHMARK_STATUS_RUNNING
			_, err := client.Benchmarks.UpdateBenchmark(t.Context(), &ltbv1.UpdateBenchmarkRequest{Id: id, Status: &running})
			return err
		})
		if got := status(); got != ltbv1.BenchmarkStatus_BENCHMARK_STATUS_RUNNING {
			t.Errorf("got %v", got)
		}
	})
}
