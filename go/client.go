package ltb

import (
	"cmp"
	"crypto/tls"
	_ "embed"
	"fmt"
	"math"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"example.org/llm-test-bench/go/ltbv1"
)

// DefaultTimeout bounds calls whose context has no deadline.
const DefaultTimeout = 30 * time.Second

// serviceConfig repeats the calls that are safe to repeat; docs/wire.md names them.
//
//go:embed service-config.json
var serviceConfig string

// Options of a client. The zero value reaches the service that the environment names.
type Options struct {
	// URL is grpc://host:port, or grpcs://host:port for TLS. Default: LTB_URL, else grpc://localhost:50052.
	URL string
	// APIKey is an API key or session token. Default: LTB_API_KEY, else none.
	APIKey string
	// TLS for a grpcs URL. Default: the files of LTB_TLS_CA_FILE, LTB_TLS_CLIENT_CERT_FILE and
	// LTB_TLS_CLIENT_KEY_FILE, else the authorities of the system.
	TLS *tls.Config
	// Timeout bounds a unary call, with all its repetitions, whose context has no deadline. Streams have only
	// that of their context. Negative: none. Default: 30 s.
	Timeout time.Duration
	// NoRetry: no unary call is repeated. By default those are that failed for a passing reason, if that is
	// safe: reads, calls with a request_id, which is filled in, and those that change nothing when they come
	// again. Exports and watches go on after a break in any case.
	NoRetry bool
	// ReadReplica: a replica of the database, which is a little behind, may answer reads.
	ReadReplica bool
	// DialOptions come after those of this package, for example to trace calls.
	DialOptions []grpc.DialOption
}

// A Client makes calls to the service, with one field for each of its parts. Goroutines may share it.
//
// A call that fails returns an [*Error].
type Client struct {
	Benchmarks BenchmarkService
	Jobs       JobService
	Workers    WorkerService
	Users      UserService
	Audit      AuditService
	System     SystemService

	conn *grpc.ClientConn
	url  string
}

// Dial makes a client. It connects with the first call, and again whenever the connection was lost.
//
// An error names the option, or the variable of the environment, that is wrong.
func Dial(options Options) (*Client, error) {
	to, err := endpointOf(options.URL, options.TLS)
	if err != nil {
		return nil, err
	}
	transport := insecure.NewCredentials()
	if to.tls != nil {
		transport = credentials.NewTLS(to.tls)
	}
	calls := caller{
		url:         to.url,
		key:         cmp.Or(options.APIKey, os.Getenv("LTB_API_KEY")),
		timeout:     cmp.Or(options.Timeout, DefaultTimeout),
		attempts:    maxAttempts,
		readReplica: options.ReadReplica,
	}
	var dialling []grpc.DialOption
	if options.NoRetry {
		calls.attempts = 1
		dialling = append(dialling, grpc.WithDisableRetry())
	}
	dialling = append(dialling,
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		// The resolver would look for a TXT record of every host, and its answer would win.
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("llm-test-bench-go/"+Version),
		// A silently cut connection is found within 15 s, well within the 30 s of a lease: docs/wire.md.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
		// Calls fail at once while a connection waits to be tried again; a restarted server should not wait.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		// The service's own limit is on the server; grpc would refuse answers above 4 MiB.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
		grpc.WithUnaryInterceptor(calls.unary),
		grpc.WithStreamInterceptor(calls.stream),
	)
	conn, err := grpc.NewClient(to.target, append(dialling, options.DialOptions...)...)
	if err != nil {
		return nil, fmt.Errorf("ltb: %w", err)
	}
	return &Client{
		Benchmarks: BenchmarkService{ltbv1.NewBenchmarkServiceClient(conn)},
		Jobs:       JobService{ltbv1.NewJobServiceClient(conn)},
		Workers:    WorkerService{ltbv1.NewWorkerServiceClient(conn)},
		Users:      UserService{ltbv1.NewUserServiceClient(conn)},
		Audit:      AuditService{ltbv1.NewAuditServiceClient(conn)},
		System:     SystemService{ltbv1.NewSystemServiceClient(conn)},
		conn:       conn,
		url:        to.url,
	}, nil
}

// URL returns the address of the service.
func (c *Client) URL() string { return c.url }

// Conn returns the connection, for other services on the same port, such as health.
func (c *Client) Conn() *grpc.ClientConn { return c.conn }

// Close ends the connection and its running calls.
func (c *Client) Close() error { return c.conn.Close() }
