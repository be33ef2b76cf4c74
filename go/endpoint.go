package ltb

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
)

const defaultURL = "grpc://localhost:50052"

// An endpoint is an address that was checked.
type endpoint struct {
	url    string // In one spelling.
	target string // host:port.
	tls    *tls.Config
}

// endpointOf reads the address, and completes it from LTB_URL and LTB_TLS_….
func endpointOf(given string, config *tls.Config) (endpoint, error) {
	given = cmp.Or(given, os.Getenv("LTB_URL"), defaultURL)
	// It is looked for in the text, since an address that cannot be read may have a password, too.
	if strings.Contains(given, "@") {
		return endpoint{}, fmt.Errorf("ltb: URL (LTB_URL): expected grpc(s)://host:port without user and password; " +
			"give APIKey, or set LTB_API_KEY")
	}
	parts, err := url.Parse(given)
	if err == nil && (parts.Scheme == "http" || parts.Scheme == "https") {
		return endpoint{}, fmt.Errorf("ltb: URL (LTB_URL): expected grpc(s)://host:port, the gRPC port (50052), "+
			"got %q, which is the address of an HTTP port", given)
	}
	if err != nil || parts.Hostname() == "" || strings.Trim(parts.Path, "/") != "" || parts.RawQuery != "" ||
		parts.Fragment != "" || (parts.Scheme != "grpc" && parts.Scheme != "grpcs") {
		return endpoint{}, fmt.Errorf("ltb: URL (LTB_URL): expected grpc(s)://host:port, such as %s, got %q", defaultURL, given)
	}
	isSecure := parts.Scheme == "grpcs"
	port := "50052"
	if isSecure {
		port = "443"
	}
	target := net.JoinHostPort(parts.Hostname(), cmp.Or(parts.Port(), port))
	found := endpoint{url: parts.Scheme + "://" + target, target: target}
	if !isSecure {
		if config != nil {
			return endpoint{}, fmt.Errorf("ltb: TLS: expected none for %s, or the address grpcs://%s", found.url, target)
		}
		return found, nil
	}
	if config == nil {
		config, err = tlsOfEnvironment()
	}
	found.tls = config
	return found, err
}

// tlsOfEnvironment reads the files that LTB_TLS_… name.
func tlsOfEnvironment() (*tls.Config, error) {
	config := &tls.Config{}
	if file := os.Getenv("LTB_TLS_CA_FILE"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("ltb: LTB_TLS_CA_FILE: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ltb: LTB_TLS_CA_FILE: expected certificates in PEM, got none in %s", file)
		}
	}
	cert, key := os.Getenv("LTB_TLS_CLIENT_CERT_FILE"), os.Getenv("LTB_TLS_CLIENT_KEY_FILE")
	if (cert == "") != (key == "") {
		return nil, fmt.Errorf("ltb: expected LTB_TLS_CLIENT_CERT_FILE and LTB_TLS_CLIENT_KEY_FILE together, got one of them")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("ltb: LTB_TLS_CLIENT_CERT_FILE, LTB_TLS_CLIENT_KEY_FILE: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
