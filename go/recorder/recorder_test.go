package recorder_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/ids"
	"example.org/llm-test-bench/go/internal/ltbtest"
	"example.org/llm-test-bench/go/ltbv1"
	"example.org/llm-test-bench/go/recorder"
)

var service *ltbtest.Service

func TestMain(m *testing.M) {
	if id := os.Getenv("LTB_RECORD_UNTIL_KILLED"); id != "" {
		recordUntilKilled(id)
	}
	ltbtest.Main(m, &service)
}

// here makes a client, and a spool of the test's own.
func here(t *testing.T, options ltb.Options) *ltb.Client {
	t.Helper()
	t.Setenv("LTB_SPOOL_DIR", t.TempDir())
	client, err := ltb.Dial(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func start(t *testing.T, client *ltb.Client, options recorder.Options) *recorder.Run {
	t.Helper()
	options.Name, options.Model, options.Dataset = "run", "openai/gpt-4o", "d"
	options.Log = slog.New(slog.DiscardHandler)
	run, err := recorder.Start(client, options)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func stored(t *testing.T, client *ltb.Client, id string) map[string]*ltbv1.Evaluation {
	t.Helper()
	found := map[string]*ltbv1.Evaluation{}
	request := &ltbv1.ExportEvaluationsRequest{BenchmarkId: id, JsonFormat: ltbv1.JsonFormat_JSON_FORMAT_TEXT}
	for one, err := range client.Benchmarks.ExportEvaluations(t.Context(), request) {
		if err != nil {
			t.Fatal(err)
		}
		if found[one.SampleId] != nil {
			t.Errorf("sample %s is stored twice", one.SampleId)
		}
		found[one.SampleId] = one
	}
	return found
}

func statusOf(t *testing.T, client *ltb.Client, id string) *ltbv1.Benchmark {
	t.Helper()
	found, err := client.Benchmarks.GetBenchmark(t.Context(), &ltbv1.GetBenchmarkRequest{Id: id, JsonFormat: ltbv1.JsonFormat_JSON_FORMAT_TEXT})
	if err != nil {
		t.Fatal(err)
	}
	return found.Benchmark
}

func spooled(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.Getenv("LTB_SPOOL_DIR"), "*-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// synced sends all files of the spool, and expects that nothing of them is left.
func synced(t *testing.T, client *ltb.Client, options recorder.SyncOptions) []recorder.Synced {
	t.Helper()
	files, err := recorder.Sync(t.Context(), client, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.Err != nil || file.IsRunning {
			t.Errorf("left: %+v", file)
		}
	}
	return files
}

func TestARunIsABenchmarkWithItsEvaluations(t *testing.T) {
	client := here(t, ltb.Options{})
	run := start(t, client, recorder.Options{Total: 4, Labels: map[string]string{"branch": "main"}, Metadata: map[string]any{"n": 1}})
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	run.Log(recorder.Evaluation{
		SampleID: "1", Input: []map[string]string{{"role": "user", "content": "2 + 2"}}, Output: "4", Expected: "4",
		Score: new(1.0), Latency: 3 * time.Millisecond, InputTokens: new(5), OutputTokens: new(1), CostUSD: new(0.1),
		Metrics: map[string]any{"big": int64(1) << 60}, Metadata: map[string]any{"path": "/a"}, CreatedAt: at,
	})
	run.Log(recorder.Evaluation{SampleID: "2", Err: errors.New("no \x00 answer")})
	if err := run.LogDurable(recorder.Evaluation{SampleID: "3", Input: "i"}); err != nil {
		t.Fatal(err)
	}
	run.Log(recorder.Evaluation{Input: "free", Output: 1})
	if err := run.Finish(nil); err != nil {
		t.Fatal(err)
	}
	found := stored(t, client, run.ID)
	one, two, three, free := found["1"], found["2"], found["3"], found[""]
	if one.GetInput() != `[{"content":"2 + 2","role":"user"}]` || one.GetOutput() != "4" || one.GetExpected() != "4" ||
		one.GetScore() != 1 || one.GetLatencyMs() != 3 || one.GetInputTokens() != 5 || one.GetOutputTokens() != 1 ||
		one.GetCostUsd() != 0.1 || one.GetMetricsJson() != `{"big": 1152921504606846976}` ||
		one.GetMetadataJson() != `{"path": "/a"}` || !one.GetCreatedAt().AsTime().Equal(at) {
		t.Errorf("got %v", one)
	}
	if two.GetError() != "no \ufffd answer" || two.Output != nil {
		t.Errorf("got %v", two)
	}
	if three.GetInput() != "i" || three.Output == nil || three.GetOutput() != "" {
		t.Errorf("got %v", three)
	}
	if free.GetOutput() != "1" {
		t.Errorf("got %v", free)
	}
	benchmark := statusOf(t, client, run.ID)
	if benchmark.Status != ltbv1.BenchmarkStatus_BENCHMARK_STATUS_COMPLETED || benchmark.Provider != "openai" ||
		benchmark.Labels["branch"] != "main" || benchmark.MetadataJson != `{"n": 1}` || benchmark.TotalIterations != 4 {
		t.Errorf("got %v", benchmark)
	}
	if files := spooled(t); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
}

func TestARunEndsAsItsErrorSays(t *testing.T) {
	client := here(t, ltb.Options{})
	for _, one := range []struct {
		err  error
		want ltbv1.BenchmarkStatus
		text string
	}{
		{errors.New("boom"), ltbv1.BenchmarkStatus_BENCHMARK_STATUS_FAILED, "boom"},
		{fmt.Errorf("stopped: %w", context.Canceled), ltbv1.BenchmarkStatus_BENCHMARK_STATUS_CANCELLED, ""},
	} {
		run := start(t, client, recorder.Options{})
		if err := run.Finish(one.err); err != nil {
			t.Fatal(err)
		}
		if found := statusOf(t, client, run.ID); found.Status != one.want || found.Error != one.text {
			t.Errorf("got %v %q", found.Status, found.Error)
		}
		again := start(t, client, recorder.Options{ID: run.ID}) // It goes on with a run that has ended.
		again.Log(recorder.Evaluation{SampleID: "later"})
		if err := again.Finish(nil); err != nil {
			t.Fatal(err)
		}
		if found := stored(t, client, run.ID); found["later"] == nil {
			t.Errorf("got %v", found)
		}
	}
}

func TestGoroutinesShareARun(t *testing.T) {
	client := here(t, ltb.Options{})
	run := start(t, client, recorder.Options{})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for at := range 200 {
				evaluation := recorder.Evaluation{SampleID: fmt.Sprintf("%d-%d", worker, at), Output: "o"}
				if at%20 > 0 {
					run.Log(evaluation)
				} else if err := run.LogDurable(evaluation); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := run.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := stored(t, client, run.ID); len(found) != 1_600 {
		t.Errorf("got %d", len(found))
	}
	if err := errors.Join(run.Finish(nil), run.Finish(nil)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCanNeverBeStoredIsKeptApart(t *testing.T) {
	client := here(t, ltb.Options{})
	run := start(t, client, recorder.Options{})
	run.Log(recorder.Evaluation{SampleID: "nan", Output: "o", Score: new(math.NaN())})
	run.Log(recorder.Evaluation{SampleID: "function", Input: func() {}})
	run.Log(recorder.Evaluation{SampleID: "bytes\xff", Output: "kept \xff text", Expected: json.RawMessage("\"\xff\"")})
	run.Log(recorder.Evaluation{SampleID: "nul\x00"})
	run.Log(recorder.Evaluation{SampleID: "id", ID: "run-1\xff"})
	run.Log(recorder.Evaluation{SampleID: "tokens", InputTokens: new(1 << 32)})
	run.Log(recorder.Evaluation{SampleID: "more", OutputTokens: new(-1)})
	run.Log(recorder.Evaluation{SampleID: "repetition", Repetition: 1 << 31})
	run.Log(recorder.Evaluation{SampleID: "time", Output: "of then", CreatedAt: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)})
	run.Log(recorder.Evaluation{SampleID: "raw", Output: json.RawMessage("\"\xff\"")})
	run.Log(recorder.Evaluation{SampleID: "large", Output: strings.Repeat("x", 5<<20)})
	run.Log(recorder.Evaluation{SampleID: "fine", Output: "o"})
	if err := run.LogDurable(recorder.Evaluation{SampleID: "durable", Input: make(chan int)}); err == nil || !strings.Contains(err.Error(), "Input") {
		t.Errorf("got %v", err)
	}
	if err := run.Finish(nil); err != nil {
		t.Fatal(err)
	}
	if found := stored(t, client, run.ID); len(found) != 1 || found["fine"] == nil {
		t.Errorf("got %v", found)
	}
	kept, err := os.ReadFile(filepath.Join(os.Getenv("LTB_SPOOL_DIR"), "rejected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"nan", "function", "large", "score: ", "Input: ", "Output: ", "bytes\ufffd", "kept \ufffd text", "raw", `nul\u0000`,
		`ID: expected a UUID, got \"run-1\\xff\"`, "of then", "CreatedAt: expected a year from 1 to 9999, got 10000",
		"InputTokens: expected 0 to 2147483647, got 4294967296", "OutputTokens: expected 0 to 2147483647, got -1",
		"Repetition: expected 0 to 2147483647, got 2147483648",
	} {
		if !strings.Contains(string(kept), want) {
			t.Errorf("rejected.jsonl lacks %s", want)
		}
	}
}

func TestWhatIsNotSentInTimeGoesToTheSpoolAndIsSentOnce(t *testing.T) {
	for name, address := range map[string]string{"away": "grpc://127.0.0.1:9", "silent": ltbtest.Silent(t)} {
		t.Run(name, func(t *testing.T) {
			client := here(t, ltb.Options{URL: address})
			run := start(t, client, recorder.Options{ExitTimeout: time.Second})
			for at := range 1_500 {
				run.Log(recorder.Evaluation{SampleID: strconv.Itoa(at), Output: "o"})
			}
			begin := time.Now()
			err := run.Finish(nil)
			var unsent *recorder.UnsentError
			if !errors.As(err, &unsent) || unsent.Evaluations != 1_500 || unsent.Lost != 0 {
				t.Fatalf("got %v", err)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			files := spooled(t)
			if !slices.Equal(files, unsent.Paths) || len(files) != 1 {
				t.Fatalf("got %v", files)
			}
			if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("got %v, %v", info.Mode(), err)
			}
			content, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			there, err := ltb.Dial(ltb.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer there.Close()
			left, err := recorder.Sync(t.Context(), there, recorder.SyncOptions{})
			if err != nil || len(left) != 1 || left[0].Err == nil || !strings.Contains(left[0].Err.Error(), address) {
				t.Errorf("got %v, %v", left, err)
			}
			for range 2 {
				if got := synced(t, there, recorder.SyncOptions{AnyURL: true}); len(got) != 1 || got[0].Stored != 1_500 {
					t.Errorf("got %+v", got)
				}
				if err := os.WriteFile(files[0], content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			found := statusOf(t, there, run.ID)
			if found.Status != ltbv1.BenchmarkStatus_BENCHMARK_STATUS_COMPLETED || found.CompletedIterations != 1_500 {
				t.Errorf("got %v", found)
			}
		})
	}
}

func TestAFlushTriesAgainInItsTimeHoweverLongTheServiceAsksToWait(t *testing.T) {
	refused := make(chan struct{})
	busy := ltbtest.BusyOnce("BatchCreateEvaluations", func() { close(refused) })
	client := here(t, ltb.Options{DialOptions: []grpc.DialOption{busy}})
	run := start(t, client, recorder.Options{ExitTimeout: 10 * time.Second})
	run.Log(recorder.Evaluation{SampleID: "1", Output: "x"})
	<-refused
	if err := run.Finish(nil); err != nil {
		t.Error(err)
	}
	if found := stored(t, client, run.ID); len(found) != 1 {
		t.Errorf("stored %v", found)
	}
}

func TestARunOutlivesARestartOfTheService(t *testing.T) {
	own := ltbtest.StartFor(t)
	client := here(t, ltb.Options{URL: own.URL, APIKey: own.Key})
	run := start(t, client, recorder.Options{ExitTimeout: time.Minute})
	for at := range 300 {
		run.Log(recorder.Evaluation{SampleID: strconv.Itoa(at), Output: "o"})
		if at == 100 {
			own.Kill()
		}
		if at == 200 {
			for begin := time.Now(); len(spooled(t)) == 0; time.Sleep(10 * time.Millisecond) {
				if time.Since(begin) > 30*time.Second {
					t.Fatal("what waits does not go to the disk")
				}
			}
			if err := own.Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := run.Finish(nil); err != nil {
		t.Fatal(err)
	}
	if found := stored(t, client, run.ID); len(found) != 300 {
		t.Errorf("got %d", len(found))
	}
}

func TestSyncReadsWhatPythonWroteAndWhatWasCutOff(t *testing.T) {
	client := here(t, ltb.Options{})
	id := ids.New()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(os.Getenv("LTB_SPOOL_DIR"), name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("01-a.jsonl", fmt.Sprintf(`{"spool":1,"url":%q}
{"kind":"create","body":{"id":"%[2]s","name":"n","provider":"p","model":"m","dataset":"d"}}
{"kind":"evaluation","body":{"benchmarkId":"%[2]s","createdAt":"2026-05-01T12:00:00+00:00","sampleId":"1","output":"x","metricsJson":"{}"}}
{"kind":"evaluation","body":{"benchmarkId":"%[2]s","createdAt":"nonsense","sampleId":"2","output":"x"}}
{"kind":"evaluation","body":{"benchmarkId":"%[2]s","sampleId":"3","out`, client.URL(), id))
	write("02-b.jsonl", "")
	write("03-c.jsonl", "no spool\n")
	files, err := recorder.Sync(t.Context(), client, recorder.SyncOptions{Log: slog.New(slog.DiscardHandler)})
	if err != nil || len(files) != 3 || files[0].Stored != 1 || files[0].Rejected != 1 || files[0].Err != nil ||
		files[1].Err != nil || files[2].Err == nil {
		t.Errorf("got %+v, %v", files, err)
	}
	if left := spooled(t); len(left) != 1 || filepath.Base(left[0]) != "03-c.jsonl" {
		t.Errorf("left %v", left)
	}
	if found := stored(t, client, id); len(found) != 1 || found["1"] == nil {
		t.Errorf("got %v", found)
	}
}

func TestTheFileOfARunningProcessIsLeftToIt(t *testing.T) {
	client := here(t, ltb.Options{URL: "grpc://127.0.0.1:9"})
	run := start(t, client, recorder.Options{ExitTimeout: time.Millisecond})
	if err := run.LogDurable(recorder.Evaluation{SampleID: "1"}); err != nil {
		t.Fatal(err)
	}
	// Python's reader splits lines at the first of these.
	content, err := os.ReadFile(spooled(t)[0])
	lines := strings.Split(string(content), "\n")
	if err != nil || len(lines) != 4 || !strings.HasPrefix(lines[1], `{"kind":"create","body":{`) ||
		!strings.HasPrefix(lines[2], `{"kind":"evaluation","body":{`) || !strings.HasSuffix(lines[2], "}}") {
		t.Errorf("got %s", content)
	}
	running, err := recorder.Sync(t.Context(), client, recorder.SyncOptions{})
	if err != nil || len(running) != 1 || !running[0].IsRunning {
		t.Errorf("got %+v, %v", running, err)
	}
	if err := run.Finish(nil); err == nil {
		t.Error("it was sent to nobody")
	}
	if err := run.LogDurable(recorder.Evaluation{SampleID: "2"}); err == nil {
		t.Error("the run has ended")
	}
	run.Log(recorder.Evaluation{SampleID: "3"}) // To another file, since Sync may have the first.
	files := spooled(t)
	if len(files) != 2 {
		t.Fatalf("got %v", files)
	}
	if content, err := os.ReadFile(files[1]); err != nil || !strings.Contains(string(content), `"sampleId":"3"`) {
		t.Errorf("got %s, %v", content, err)
	}
	// Nothing is left that could send it.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := run.Flush(ctx); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAfterAFileThatNobodyAnswersNoOtherIsTried(t *testing.T) {
	for name, address := range map[string]string{"away": "grpc://127.0.0.1:9", "silent": ltbtest.Silent(t)} {
		t.Run(name, func(t *testing.T) {
			client := here(t, ltb.Options{URL: address})
			content := fmt.Sprintf(`{"spool":1,"url":""}`+"\n"+`{"kind":"create","body":{"id":%q}}`+"\n", ids.New())
			in := t.TempDir()
			t.Setenv("LTB_SPOOL_DIR", in)
			for _, name := range []string{"1-a", "2-b", "3-c"} {
				if err := os.WriteFile(filepath.Join(in, name+".jsonl"), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			files, err := recorder.Sync(ctx, client, recorder.SyncOptions{AnyURL: true})
			if err != nil || len(files) != 3 {
				t.Fatalf("got %+v, %v", files, err)
			}
			for at, file := range files {
				wanted := "not tried, because the service does not answer"
				if file.Err == nil || (file.Err.Error() == wanted) != (at > 0) {
					t.Errorf("%s: got %v", file.Path, file.Err)
				}
			}
			if left := spooled(t); len(left) != 3 {
				t.Errorf("got %v", left)
			}
		})
	}
}

func TestSyncFindsFilesInAFolderOfAnyName(t *testing.T) {
	client := here(t, ltb.Options{})
	in := filepath.Join(t.TempDir(), "a[b*")
	t.Setenv("LTB_SPOOL_DIR", in)
	if err := os.Mkdir(in, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(in, ids.New()+".jsonl")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if files := synced(t, client, recorder.SyncOptions{}); len(files) != 1 || files[0].Path != path {
		t.Errorf("got %+v", files)
	}
}

func labels(count int) map[string]string {
	made := map[string]string{}
	for at := range count {
		made[strconv.Itoa(at)] = "v"
	}
	return made
}

func TestWrongOptionsAreNamed(t *testing.T) {
	client := here(t, ltb.Options{})
	right := recorder.Options{Name: "n", Model: "m", Dataset: "d"}
	for want, change := range map[string]func(*recorder.Options){
		"Name: expected 1 to 255 characters":     func(o *recorder.Options) { o.Name = "" },
		"Model: expected 1 to 255 characters":    func(o *recorder.Options) { o.Model = strings.Repeat("ü", 256) },
		"Dataset: expected":                      func(o *recorder.Options) { o.Dataset = "\xff" },
		"Provider: expected 1 to 100 characters": func(o *recorder.Options) { o.Model = strings.Repeat("p", 101) + "/m" },
		"ID: expected a UUID":                    func(o *recorder.Options) { o.ID = "run-1" },
		"Total: expected 0 to 2147483647":        func(o *recorder.Options) { o.Total = 1 << 31 },
		"expected at most 64 Labels, got 65":     func(o *recorder.Options) { o.Labels = labels(65) },
		"a key of Labels: expected 1 to 63":      func(o *recorder.Options) { o.Labels = map[string]string{"": "v"} },
		`Labels["k"]: expected 0 to 255`:         func(o *recorder.Options) { o.Labels = map[string]string{"k": strings.Repeat("v", 256)} },
		`Labels["k"]: expected text in UTF-8`:    func(o *recorder.Options) { o.Labels = map[string]string{"k": "\xff"} },
		"Metadata: ":                             func(o *recorder.Options) { o.Metadata = map[string]any{"f": func() {}} },
	} {
		options := right
		change(&options)
		if _, err := recorder.Start(client, options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// recordUntilKilled records, and tells of each evaluation that is on the disk.
func recordUntilKilled(id string) {
	client, err := ltb.Dial(ltb.Options{})
	if err != nil {
		panic(err)
	}
	run, err := recorder.Start(client, recorder.Options{Name: "n", Model: "m", Dataset: "d", ID: id})
	if err != nil {
		panic(err)
	}
	for at := 0; ; at++ {
		evaluation := recorder.Evaluation{SampleID: strconv.Itoa(at), Output: strings.Repeat("x", 200)}
		if err := run.LogDurable(evaluation); err != nil {
			panic(err)
		}
		fmt.Println(at)
	}
}

func TestWhatADurableLogReturnedForSurvivesAKill(t *testing.T) {
	client := here(t, ltb.Options{})
	kills, err := strconv.Atoi(os.Getenv("LTB_KILLS"))
	if err != nil {
		kills = 5
	}
	seed, err := strconv.ParseUint(os.Getenv("LTB_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("LTB_SEED=%d", seed)
	draw := rand.New(rand.NewPCG(seed, 0))
	total := 0
	for range kills {
		id := ids.New()
		process := exec.Command(os.Args[0])
		process.Env = append(os.Environ(), "LTB_RECORD_UNTIL_KILLED="+id)
		process.Stderr = os.Stderr
		output, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		// From the first sample on until after some batches went out.
		lines := bufio.NewReader(output)
		var done []string
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // What has no end was cut off.
			}
			if done = append(done, strings.TrimSpace(line)); len(done) == 1 {
				time.AfterFunc(time.Duration(draw.Float64()*float64(time.Second)), func() { process.Process.Kill() })
			}
		}
		process.Wait()
		synced(t, client, recorder.SyncOptions{})
		if left := spooled(t); len(left) > 0 {
			t.Fatalf("left: %v", left)
		}
		found := stored(t, client, id)
		for _, sample := range done {
			if found[sample] == nil {
				t.Errorf("sample %s is lost", sample)
			}
		}
		// One more may have been on the disk when the process was killed.
		if len(found) > len(done)+1 || len(done) == 0 {
			t.Errorf("told %d, found %d", len(done), len(found))
		}
		total += len(done)
	}
	t.Logf("%d evaluations in %d runs", total, kills)
}
