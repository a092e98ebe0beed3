package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// spoolBytes is how much a spool keeps in memory.
const spoolBytes = 64 << 20

// spool keeps texts until all are there, beyond spoolBytes in a file without a name, which is gone with the process however that ends. The zero value is empty.
type spool struct {
	memory  []byte // texts with their lengths before them
	file    *os.File
	w       *bufio.Writer
	longest int
}

func (s *spool) add(text []byte) error {
	if len(s.memory)+len(text) > spoolBytes {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.longest = max(s.longest, len(text))
	s.memory = append(binary.AppendUvarint(s.memory, uint64(len(text))), text...)
	return nil
}

// spill moves what is in memory to the file.
func (s *spool) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "sigmatrail-"); err == nil {
			err = os.Remove(s.file.Name())
		}
		if err != nil {
			return fmt.Errorf("keep events until correlations are known: %w", err)
		}
		s.w = bufio.NewWriter(s.file)
	}
	if _, err := s.w.Write(s.memory); err != nil {
		return fmt.Errorf("keep events until correlations are known: %w", err)
	}
	s.memory = s.memory[:0]
	return nil
}

// each calls f with the texts, counted from 0. A text is valid until f returns.
func (s *spool) each(f func(i int, text []byte) error) error {
	n := 0
	if s.file != nil {
		if err := errors.Join(s.spill(), s.w.Flush()); err != nil {
			return err
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		r, text := bufio.NewReader(s.file), make([]byte, s.longest)
		for ; ; n++ {
			size, err := binary.ReadUvarint(r)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				_, err = io.ReadFull(r, text[:size])
			}
			if err != nil {
				return fmt.Errorf("read events that were kept for correlations: %w", err)
			}
			if err := f(n, text[:size:size]); err != nil {
				return err
			}
		}
	}
	for rest := s.memory; len(rest) > 0; n++ {
		size, head := binary.Uvarint(rest)
		end := head + int(size) //nolint:gosec // written above
		if err := f(n, rest[head:end:end]); err != nil {
			return err
		}
		rest = rest[end:]
	}
	return nil
}

// close gives the room on the disk free.
func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}
