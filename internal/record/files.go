package record

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Files lists the regular files below path that may hold records, in lexical order: path itself if it is no directory, else every file in
// it and below whose name ends in .json, .jsonl, .ndjson or .log, also with .gz behind. Symbolic links inside are not followed.
// skipped counts the files of other names. unreadable has an error for each folder that could not be listed.
func Files(path string) (files []string, skipped int, unreadable []error) {
	walk := func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			unreadable = append(unreadable, err)
			return nil
		case entry.IsDir():
			return nil
		case name == path || (entry.Type().IsRegular() && hasRecordName(name)):
			files = append(files, name)
		default:
			skipped++
		}
		return nil
	}
	if err := filepath.WalkDir(path, walk); err != nil {
		unreadable = append(unreadable, err)
	}
	return files, skipped, unreadable
}

func hasRecordName(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(filepath.Base(name)), ".gz")
	return slices.Contains([]string{".json", ".jsonl", ".ndjson", ".log"}, filepath.Ext(name)) && !strings.HasPrefix(name, ".")
}
