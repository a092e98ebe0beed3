package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"sigmatrail/bench/sample"
	"sigmatrail/internal/mixes"
)

// archived is what the command line takes for an archive of delivered files.
type archived struct {
	Files int     `json:"files"`
	MB    float64 `json:"mb_uncompressed"`
	// The times are to those of a process that does nothing but unzip the same files, one after the other.
	Time   sample.Spread `json:"time_over_unzip"`
	CPU    sample.Spread `json:"cpu_over_unzip"`
	MBps   float64       `json:"mb_per_second"`
	Unzip  float64       `json:"unzip_mb_per_second"`
	RSSMiB float64       `json:"peak_rss_mib"`
}

const (
	megabyte       = 1_000_000
	recordsInAFile = 2000
)

// archive makes an archive in the folder, unless it is there, and scans it.
func archive(folder, program string, mb, rounds int) (archived, error) {
	a := archived{}
	dir := filepath.Join(folder, fmt.Sprintf("archive-%d", mb))
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := deliver(dir, mb); err != nil {
			return a, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return a, err
	}
	var times, cpus, scans, unzips []float64
	for range rounds {
		var found unzipped
		unzip, err := child(exec.Command(self, "-child", "unzip", "-build", dir), &found)
		if err != nil {
			return a, err
		}
		a.Files, a.MB = found.Files, found.MB
		scan, err := sample.Run(exec.Command(program, "scan", "-o", "ndjson", dir))
		if err != nil {
			return a, err
		}
		times, cpus = append(times, scan.Seconds/unzip.Seconds), append(cpus, scan.CPU/unzip.CPU)
		scans, unzips = append(scans, scan.Seconds), append(unzips, unzip.Seconds)
		a.RSSMiB = max(a.RSSMiB, scan.RSS)
	}
	a.Time, a.CPU = sample.Of(times), sample.Of(cpus)
	a.MBps, a.Unzip = a.MB/sample.Median(scans), a.MB/sample.Median(unzips)
	return a, nil
}

// deliver writes an archive of about that size to dir, which appears when it is whole.
func deliver(dir string, mb int) error {
	part := dir + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(part, 0o750)); err != nil {
		return err
	}
	left := mb * megabyte
	for n := uint64(0); left > 0; n++ {
		text := mixes.DataFile(n, recordsInAFile)
		left -= len(text)
		if err := zip(filepath.Join(part, fmt.Sprintf("111122223333_CloudTrail_eu-central-1_%05d.json.gz", n)), text); err != nil {
			return err
		}
	}
	return os.Rename(part, dir)
}

func zip(name string, text []byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	_, err = z.Write(text)
	return errors.Join(err, z.Close(), f.Close())
}

// unzipped is what an archive holds.
type unzipped struct {
	Files int
	MB    float64
}

// unzip reads what is in the folder.
func unzip(folder string) (unzipped, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.gz"))
	if err != nil {
		return unzipped{}, err
	}
	bytes := int64(0)
	for _, name := range names {
		n, err := unzipFile(name)
		if err != nil {
			return unzipped{}, err
		}
		bytes += n
	}
	return unzipped{Files: len(names), MB: float64(bytes) / megabyte}, nil
}

func unzipFile(name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, z)
}
