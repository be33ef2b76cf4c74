// Package kubernetes decodes the manifests of deploy/kubernetes into the types of Kubernetes' API, which is as
// strict about names, kinds of values and repeated fields as a server that is asked to validate.
package kubernetes

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

const folder = "../../../deploy/kubernetes"

func decodeAll(content []byte) (kinds []string, problems []error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme,
		corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, []error{err}
		}
	}
	options := json.SerializerOptions{Yaml: true, Strict: true}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, options)
	reader := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(content)))
	defer reader.Close()
	for {
		document := make([]byte, 1<<20)
		length, err := reader.Read(document)
		if errors.Is(err, io.EOF) {
			return kinds, problems
		}
		if err != nil {
			return kinds, append(problems, err)
		}
		object, kind, err := decoder.Decode(document[:length], nil, nil)
		if err != nil {
			problems = append(problems, err)
		} else if object != nil {
			kinds = append(kinds, kind.Kind)
		}
	}
}

func TestManifests(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) < 7 {
		t.Fatalf("found %d files: %v", len(files), err)
	}
	for _, file := range files {
		// Its type belongs to kustomize.
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kinds, problems := decodeAll(content)
		for _, problem := range problems {
			t.Errorf("%s: %v", filepath.Base(file), problem)
		}
		t.Logf("%s: %s", filepath.Base(file), strings.Join(kinds, ", "))
	}
}

func TestWrongManifests(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(folder, "service.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"an unknown field":      {"automountServiceAccountToken:", "automountServiceAccountTokens:"},
		"a field of another":    {"  replicas: 2", "  replicas: 2\n  schedule: \"0 2 * * *\""},
		"a text for a number":   {"replicas: 2", "replicas: two"},
		"a number for a text":   {"value: \"20\"", "value: 20"},
		"a repeated field":      {"  replicas: 2", "  replicas: 2\n  replicas: 3"},
		"a kind of no version":  {"apiVersion: apps/v1\n", "apiVersion: apps/v2\n"},
		"a quantity that isn't": {"memory: 1Gi", "memory: 1GB of it"},
	} {
		wrong := strings.Replace(string(content), change[0], change[1], 1)
		if wrong == string(content) {
			t.Fatalf("%s: nothing to change", what)
		}
		if _, problems := decodeAll([]byte(wrong)); len(problems) != 1 {
			t.Errorf("%s: found %v", what, problems)
		}
	}
}
