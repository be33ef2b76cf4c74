// Package ltbtest starts the service of this repository for tests, with its embedded PostgreSQL.
package ltbtest

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A Service runs in a process of its own, which can be killed and started again at the same addresses.
type Service struct {
	// URL of the gRPC port, and the first API key, of an admin.
	URL, Key string

	folder   string
	settings map[string]string
	process  *exec.Cmd
	read     chan struct{}
}

var (
	grpcLine = regexp.MustCompile(`(?m)^ {2}gRPC +(\S+)`)
	httpLine = regexp.MustCompile(`(?m)^ {2}Connect\D+https?:(\S+)$`)
	own      = regexp.MustCompile(`(?i)^(LTB|DATABASE)_|_proxy=`)
)

// Main runs the tests of a package with a service for all of them, which the environment names. What they
// spool goes to a folder of their own.
func Main(m *testing.M, given **Service) {
	os.Exit(func() int {
		service, err := Start(nil)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		*given = service
		for _, variable := range os.Environ() {
			if name, _, _ := strings.Cut(variable, "="); own.MatchString(variable) && !isOfTests(name) {
				os.Unsetenv(name)
			}
		}
		os.Setenv("LTB_URL", service.URL)
		os.Setenv("LTB_API_KEY", service.Key)
		os.Setenv("LTB_SPOOL_DIR", filepath.Join(service.folder, "spool"))
		code := m.Run()
		if err := service.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}())
}

// isOfTests tells the variables that say how long tests that draw at random go on.
func isOfTests(name string) bool { return name == "LTB_KILLS" || name == "LTB_SEED" }

// StartFor starts a service that one test may kill.
func StartFor(t *testing.T) *Service {
	t.Helper()
	service, err := Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := service.Stop(); err != nil {
			t.Error(err)
		}
	})
	return service
}

// Start starts a service with settings of the environment.
func Start(settings map[string]string) (*Service, error) {
	folder, err := os.MkdirTemp("", "ltb-go-")
	if err != nil {
		return nil, err
	}
	// As root the embedded PostgreSQL runs as another user.
	if err := os.Chmod(folder, 0o711); err != nil {
		return nil, err
	}
	s := &Service{folder: folder, settings: map[string]string{
		"LTB_GRPC_ADDRESS": "127.0.0.1:0", "LTB_HTTP_ADDRESS": "127.0.0.1:0",
		"LTB_DATA_DIR": filepath.Join(folder, "data"), "LTB_LOG_LEVEL": "warn",
	}}
	maps.Copy(s.settings, settings)
	if err := s.Start(); err != nil {
		os.RemoveAll(folder)
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(folder, "data", "admin.key"))
	s.Key = strings.TrimSpace(string(key))
	return s, err
}

// Start starts it again after it was killed.
func (s *Service) Start() error {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(file), "..", "..", "..")
	node := filepath.Join(root, "node_modules", ".bin", "node")
	if _, err := os.Stat(node); err != nil {
		return fmt.Errorf("the service cannot be started: run npm ci: %w", err)
	}
	s.process = exec.Command(node, filepath.Join(root, "src", "main.ts"), "serve")
	s.process.Dir = s.folder
	s.process.Env = slices.DeleteFunc(os.Environ(), own.MatchString)
	for name, value := range s.settings {
		s.process.Env = append(s.process.Env, name+"="+value)
	}
	output, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	s.process.Stderr = s.process.Stdout
	if err := s.process.Start(); err != nil {
		return err
	}
	screen := ""
	lines := bufio.NewReader(output)
	for !strings.Contains(screen, "Stop it") {
		line, err := lines.ReadString('\n')
		screen += line
		if err != nil {
			return fmt.Errorf("the service ended (%v): %s", s.process.Wait(), screen)
		}
	}
	// What it writes has to be read, or it would block.
	s.read = make(chan struct{})
	go func() {
		defer close(s.read)
		io.Copy(io.Discard, lines)
	}()
	grpc, http := grpcLine.FindStringSubmatch(screen), httpLine.FindStringSubmatch(screen)
	if grpc == nil || http == nil {
		return fmt.Errorf("the service does not say where it is: %s", screen)
	}
	s.settings["LTB_GRPC_ADDRESS"], s.settings["LTB_HTTP_ADDRESS"] = grpc[1], strings.TrimPrefix(http[1], "//")
	s.URL = "grpc://" + grpc[1]
	return nil
}

// Kill kills it. Its PostgreSQL lives on, until the next start finds it.
func (s *Service) Kill() {
	s.process.Process.Kill()
	<-s.read
	s.process.Wait()
}

// Silent returns the address of something that takes connections and never answers.
func Silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return "grpc://" + listener.Addr().String()
}

// Stop ends it, and deletes what it stored.
func (s *Service) Stop() error {
	defer os.RemoveAll(s.folder)
	if s.process.ProcessState != nil {
		return nil
	}
	s.process.Process.Signal(syscall.SIGTERM)
	<-s.read
	return s.process.Wait()
}
