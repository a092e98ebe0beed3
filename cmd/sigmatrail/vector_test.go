package main

import (
	"fmt"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/serve"

	"gopkg.in/yaml.v3"
)

// vectorConfig is conf/vector/vector.yaml, as far as this test looks at it.
type vectorConfig struct {
	DataDir                    string `yaml:"data_dir"`
	Sources, Transforms, Sinks map[string]map[string]any
}

// vectorOptions lists by kind and type the options that the file may set: those of Vector's reference.
func vectorOptions() map[string][]string {
	return map[string][]string{
		"source aws_s3":      {"region", "sqs"},
		"source http_server": {"address", "path", "path_key", "framing", "decoding"},
		"transform remap":    {"inputs", "source"},
		"transform filter":   {"inputs", "condition"},
		"sink http":          {"inputs", "uri", "encoding", "framing", "batch", "request", "buffer", "acknowledgements"},
		"sink aws_s3":        {"inputs", "region", "bucket", "compression", "encoding", "framing", "buffer", "acknowledgements"},
	}
}

func readVector(t *testing.T) (c vectorConfig, text string) {
	t.Helper()
	src, err := os.ReadFile("../../conf/vector/vector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(strings.NewReader(string(src)))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c, string(src)
}

// byDefault returns what a flag of serve is when it is not set.
func byDefault(t *testing.T, field string) string {
	t.Helper()
	f, ok := reflect.TypeFor[serveCommand]().FieldByName(field)
	if !ok {
		t.Fatalf("serve has no %s", field)
	}
	return f.Tag.Get("default")
}

// at returns a value further in.
func at(t *testing.T, component map[string]any, path ...string) any {
	t.Helper()
	var v any = component
	for _, key := range path {
		m, _ := v.(map[string]any)
		if v = m[key]; v == nil {
			t.Fatalf("no %s in %v", strings.Join(path, "."), component)
		}
	}
	return v
}

// TestVectorConfig: the file is one that Vector takes, as far as its reference tells, and agrees with what serve does by default.
func TestVectorConfig(t *testing.T) {
	c, text := readVector(t)
	names := make(map[string]bool)
	var inputs []string
	check := func(kind string, components map[string]map[string]any) {
		for name, component := range components {
			names[name] = true
			known, ok := vectorOptions()[fmt.Sprintf("%s %s", kind, component["type"])]
			for key := range component {
				if !ok || (key != "type" && !slices.Contains(known, key)) {
					t.Errorf("%s: a %s of type %s has no %s", name, kind, component["type"], key)
				}
			}
			list, _ := component["inputs"].([]any)
			for _, input := range list {
				inputs = append(inputs, fmt.Sprint(input))
			}
			if kind != "source" && len(list) == 0 {
				t.Errorf("%s has no inputs", name)
			}
		}
	}
	check("source", c.Sources)
	check("transform", c.Transforms)
	check("sink", c.Sinks)
	for _, input := range inputs {
		if !names[input] {
			t.Errorf("there is no %s", input)
		}
	}
	for name, sink := range c.Sinks { // else what is behind it is acknowledged before it is anywhere
		if at(t, sink, "acknowledgements", "enabled") != true || at(t, sink, "buffer", "type") != "disk" {
			t.Errorf("%s acknowledges or buffers otherwise", name)
		}
		const least = 268435488
		if size, _ := at(t, sink, "buffer", "max_size").(int); size < least {
			t.Errorf("%s: a buffer on disk must have %d bytes", name, least)
		}
		if at(t, sink, "encoding", "codec") != "json" {
			t.Errorf("%s: not JSON", name)
		}
	}

	in, out := c.Sinks["sigma_in"], c.Sources["sigma_out"]
	if want := "http://" + byDefault(t, "Listen") + serve.EventsPath; at(t, in, "uri") != want {
		t.Errorf("sigma_in posts to %s; serve listens at %s", at(t, in, "uri"), want)
	}
	upstream := regexp.MustCompile(`sigmatrail serve --upstream (\S+)`).FindStringSubmatch(text)
	if upstream == nil {
		t.Fatal("the file does not say how to run serve")
	}
	u, err := url.Parse(upstream[1])
	if err != nil || u.Host != at(t, out, "address") || u.Path != at(t, out, "path") {
		t.Errorf("serve posts to %s; sigma_out listens at %v%v", upstream[1], at(t, out, "address"), at(t, out, "path"))
	}
	most, err := strconv.Atoi(byDefault(t, "MaxBody"))
	if size, _ := at(t, in, "batch", "max_bytes").(int); err != nil || size == 0 || size > most/2 {
		t.Errorf("batches of %d bytes; serve takes %d", size, most)
	}
	wait, err := time.ParseDuration(byDefault(t, "UpstreamTimeout"))
	if seconds, _ := at(t, in, "request", "timeout_secs").(int); err != nil || time.Duration(seconds)*time.Second <= wait {
		t.Errorf("sigma_in waits for %d s; serve may take %s", seconds, wait)
	}
	if at(t, in, "framing", "method") != "newline_delimited" || at(t, out, "framing", "method") != "newline_delimited" || at(t, out, "decoding", "codec") != "json" {
		t.Error("not JSON a line")
	}
	for _, said := range []string{"--max-body (32 MiB)", "--upstream-timeout (45 s)"} {
		if !strings.Contains(text, said) {
			t.Errorf("the file does not speak of %s", said)
		}
	}
	if most != 32<<20 || wait != 45*time.Second {
		t.Errorf("the file's comments say otherwise: %d, %s", most, wait)
	}
}
