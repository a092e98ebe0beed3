package fluentbit

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
)

// Corpus is the files that the host reads, of one JSON object a line.
type Corpus struct {
	// Quiet has no record with a hit of the bundled pack, Hits has planted ones between the same, One is the first record alone, and Empty has none.
	Quiet, Hits, One, Empty string
	// Records is how many Quiet and Hits have, Planted how many of those in Hits have a hit.
	Records, Planted int
	// Marker is the eventID of each planted record, which no other record has.
	Marker string
}

// every is how far apart the records with a hit are: close enough for one in each chunk.
const every = 700

// NewCorpus writes files of n records, whose names begin with a prefix: of all mixes those without a hit of the bundled pack, once with a record between
// them that has one.
func NewCorpus(folder, prefix string, n int) (*Corpus, error) {
	quiet, hit, err := records()
	if err != nil {
		return nil, err
	}
	name := func(file string) string { return filepath.Join(folder, prefix+"-"+file+".ndjson") }
	c := &Corpus{Quiet: name("quiet"), Hits: name("hits"), One: name("one"), Empty: name("empty"), Records: n}
	packed, err := record.AppendMsgpack(nil, []byte(hit))
	if err != nil {
		return nil, err
	}
	body, _ := record.Decode(packed, 0)
	if o, ok := body.(*record.Object); ok {
		c.Marker = o.Text("eventID")
	}
	all, planted := make([]string, n), make([]string, n)
	for i := range all {
		all[i] = quiet[i%len(quiet)]
		planted[i] = all[i]
		if i%every == every/2 {
			planted[i] = hit
			c.Planted++
		}
	}
	return c, errors.Join(write(c.Quiet, all), write(c.Hits, planted), write(c.One, all[:1]), write(c.Empty, nil))
}

// records returns the JSON of the records of all mixes without a hit of the bundled pack, and of one with a hit.
func records() (quiet []string, hit string, err error) {
	shared, reason, ok := mixes.Open()
	if !ok {
		return nil, "", errors.New(reason)
	}
	list, err := shared.Mixes()
	if err != nil {
		return nil, "", err
	}
	engine, err := pipeline.New(conf.Default())
	if err != nil {
		return nil, "", err
	}
	for _, m := range list {
		if strings.HasSuffix(m.Name, "/shuffled") {
			continue
		}
		var ev chunk.Event
		for w := chunk.NewWalker(m.Data); w.Next(&ev); {
			body, _ := record.Decode(m.Data, ev.BodyStart)
			text := string(record.AppendJSON(nil, body))
			if j := engine.NewJudge().Event(m.Data[ev.BodyStart:ev.BodyEnd], time.Time{}); j.Hit() {
				hit = text
			} else {
				quiet = append(quiet, text)
			}
		}
	}
	if hit == "" || len(quiet) == 0 {
		return nil, "", errors.New("the mixes need records with and without hits")
	}
	return quiet, hit, nil
}

func write(name string, lines []string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, line := range lines {
		_, _ = w.WriteString(line + "\n") // its error comes with Flush
	}
	return errors.Join(w.Flush(), f.Close())
}
