// Command generate makes the two tables of package awslint: the operations of AWS, and the shapes that CloudTrail's records have been seen to have.
//
// Operations come from one JSON object, service → operation → [signing name, members of the input, members of the output], as it can be taken
// from the models of any of AWS's SDKs. Shapes come from files of CloudTrail records, one a line (*.ndjson); of these only names stay, no values.
// Where neither is there nothing is written, so that go generate can run everywhere.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	operations := flag.String("operations", "aws_operations.json", "file of AWS's operations")
	events := flag.String("events", "events", "directory of CloudTrail records, *.ndjson")
	out := flag.String("o", ".", "directory to write operations.gz and shapes.gz to")
	flag.Parse()
	if err := run(*operations, *events, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(operations, events, out string) error {
	for _, path := range []string{operations, events} {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(os.Stderr, "generate: %s is not there; the tables stay as they are\n", path)
			return nil
		}
	}
	text, err := operationsTable(operations)
	if err != nil {
		return err
	}
	shapes, err := shapesTable(events)
	if err != nil {
		return err
	}
	return errors.Join(write(filepath.Join(out, "operations.gz"), text), write(filepath.Join(out, "shapes.gz"), shapes))
}

// write leaves a file alone that holds the text already, so that another version of the compressor changes nothing.
func write(name, text string) error {
	if old, err := os.ReadFile(name); err == nil {
		if r, err := gzip.NewReader(bytes.NewReader(old)); err == nil {
			var b bytes.Buffer
			if _, err := b.ReadFrom(r); err == nil && b.String() == text {
				return nil
			}
		}
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}
