package pipeline

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
	"sigmatrail/internal/ruletest"
	"sigmatrail/rules"

	"pgregory.net/rapid"
)

// generated parses a rule of rulegen.
func generated(text string) (*rules.Rule, error) {
	list, problems := rules.Parse("generated.yml", []byte(text), rules.Options{})
	if len(problems.Errors()) > 0 || len(list) != 1 {
		return nil, fmt.Errorf("%d rules, %v in\n%s", len(list), problems.Errors(), text)
	}
	return list[0], nil
}

// rungsOf makes the rungs of the texts of rules.
func rungsOf(texts []string) (*rungs, error) {
	list := make([]*rules.Rule, 0, len(texts))
	for _, text := range texts {
		r, err := generated(text)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return newRungs(list)
}

// framed makes an event of a body.
func framed(body []byte) []byte {
	return append([]byte("\x92\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07\x80"), body...)
}

// TestLadderRapid holds every rung to the oracle on rules and records that rapid makes, several of each, so that indexes are shared and state is carried
// from one record to the next.
func TestLadderRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rulegen.Rule(), 1, 6).Draw(t, "rules")
		r, err := rungsOf(texts)
		if err != nil {
			t.Fatal(err)
		}
		data := rulegen.Neighbours().Draw(t, "chunk")
		for _, body := range rapid.SliceOfN(rulegen.Record(), 1, 4).Draw(t, "records") {
			data = append(data, framed(body)...)
		}
		if _, _, err := r.checkChunk(data); err != nil {
			t.Fatalf("%v\n%s\nchunk %x", err, texts, data)
		}
	})
}

// TestLadderGenerated does the same with far more rules and records, of fixed seeds; with SIGMA_LADDER=whole with far more again.
func TestLadderGenerated(t *testing.T) {
	programs, leastPairs := uint64(200), int64(50_000)
	if whole() {
		programs, leastPairs = 10_000, 2_500_000
	}
	var next atomic.Uint64
	var pairs, hits atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := next.Add(1) - 1; n < programs && !t.Failed(); n = next.Add(1) - 1 {
				texts, data := generatedProgram(n)
				r, err := rungsOf(texts)
				if err != nil {
					t.Error(err)
					return
				}
				p, h, err := r.checkChunk(data)
				if err != nil {
					t.Errorf("program %d: %v\n%s\nchunk %x", n, err, texts, data)
				}
				pairs.Add(int64(p))
				hits.Add(int64(h))
			}
		})
	}
	wg.Wait()
	if pairs.Load() < leastPairs || hits.Load() < pairs.Load()/100 {
		t.Errorf("%d pairs, %d hits", pairs.Load(), hits.Load())
	}
	t.Logf("ladder: %d pairs of generated rules and records on every rung, %d hits", pairs.Load(), hits.Load())
}

// generatedProgram makes up to 30 rules, and a chunk of neighbours and other records.
func generatedProgram(n uint64) (texts []string, data []byte) {
	const apart = 1 << 20
	for i := range 1 + n%30 {
		texts = append(texts, rulegen.RuleFromBytes(rulegen.Seed(n*apart+i)))
	}
	for i := range uint64(2) {
		data = append(data, rulegen.NeighboursFromBytes(rulegen.Seed(n*apart+100+i))...)
	}
	for i := range uint64(12) {
		data = append(data, framed(rulegen.RecordFromBytes(rulegen.Seed(n*apart+200+i)))...)
	}
	return texts, data
}

// rulesOfBytes makes rules of fuzz bytes: one of each piece, so that a change of one leaves the others.
func rulesOfBytes(data []byte) []string {
	const piece, most = 256, 12
	var texts []string
	for p := range slices.Chunk(data[:min(len(data), piece*most)], piece) {
		texts = append(texts, rulegen.RuleFromBytes(p))
	}
	if len(texts) == 0 {
		texts = []string{rulegen.RuleFromBytes(nil)}
	}
	return texts
}

// FuzzLadder holds every rung to the oracle on the rules and the record that the bytes choose.
func FuzzLadder(f *testing.F) {
	for n := range uint64(40) {
		f.Add(rulegen.Seed(n), rulegen.Seed(n+1<<32))
	}
	f.Fuzz(func(t *testing.T, ruleBytes, recordBytes []byte) {
		texts := rulesOfBytes(ruleBytes)
		r, err := rungsOf(texts)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.checkChunk(framed(rulegen.RecordFromBytes(recordBytes))); err != nil {
			t.Fatalf("%v\n%s", err, texts)
		}
	})
}

// FuzzNeighbours holds what the engine makes of a chunk to the oracle record by record: nothing that is remembered may change a verdict.
func FuzzNeighbours(f *testing.F) {
	for n := range uint64(40) {
		f.Add(rulegen.Seed(n), rulegen.Seed(n+1<<33))
	}
	f.Fuzz(func(t *testing.T, ruleBytes, chunkBytes []byte) {
		texts := rulesOfBytes(ruleBytes)
		r, err := rungsOf(texts)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.checkChunk(rulegen.NeighboursFromBytes(chunkBytes)); err != nil {
			t.Fatalf("%v\n%s", err, texts)
		}
	})
}

// FuzzChunk holds what the engine makes of any bytes to the oracle: its rules look at everything that a record can have.
func FuzzChunk(f *testing.F) {
	var texts []string
	for n := range uint64(60) {
		texts = append(texts, rulegen.RuleFromBytes(rulegen.Seed(n)))
		f.Add(rulegen.NeighboursFromBytes(rulegen.Seed(n)))
		f.Add(framed(rulegen.RecordFromBytes(rulegen.Seed(n))))
	}
	r, err := rungsOf(texts)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, _, err := r.checkChunk(data); err != nil {
			t.Fatal(err)
		}
		checkProcess(t, r.engine, data)
		checkAccounts(t, r.engine)
	})
}

// TestConformanceLadder holds every rung to every verdict of the conformance suite: the rules one by one, and the engine with all of them together on
// the records as a sender would write them.
func TestConformanceLadder(t *testing.T) {
	list, err := ruletest.Conformance(os.DirFS("../../testdata/conformance"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*rules.Rule
	var data []byte
	climbers := make(map[*rules.Rule]*climber)
	for _, v := range list {
		c := climbers[v.Rule]
		if c == nil {
			c = mustRungs(t, []*rules.Rule{v.Rule}).climber()
			climbers[v.Rule] = c
			all = append(all, v.Rule)
		}
		packed, err := record.AppendMsgpack(nil, v.Record)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := record.Decode(packed, 0)
		var want []int
		if v.Hit {
			want = []int{0}
		}
		if err := c.own.hold(subject{object: body.(*record.Object), place: record.Place{Data: packed}}, want); err != nil {
			t.Errorf("%s: %s: %v", v.Position, v.Record, err)
		}
		data = append(data, framed(recognisable(packed))...)
	}
	pairs, hits, err := mustRungs(t, all).checkChunk(data)
	if err != nil {
		t.Error(err)
	}
	if len(list) < 400 || pairs < 40_000 || hits < 500 {
		t.Errorf("%d verdicts, %d pairs, %d hits", len(list), pairs, hits)
	}
	t.Logf("%d verdicts; together %d pairs, %d hits", len(list), pairs, hits)
}

// recognisable adds to a map what makes it a CloudTrail record, as far as it lacks that.
func recognisable(packed []byte) []byte {
	var missing []chunk.Pair
	for _, p := range []chunk.Pair{{Key: "eventName", Value: []byte("\xa1N")}, {Key: "eventSource", Value: []byte("\xb0s3.amazonaws.com")}, {Key: "eventVersion", Value: []byte("\xa11")}} {
		if _, _, ok := chunk.Lookup(packed, 0, p.Key); !ok {
			missing = append(missing, p)
		}
	}
	return chunk.Splice(nil, packed, &chunk.Event{End: len(packed), BodyEnd: len(packed)}, missing)
}

// TestLadderOfAnotherForm holds every rung to the oracle on records of another form, which has CloudTrail's fields below a key of its own and some of
// them elsewhere, beside records of CloudTrail's own form.
func TestLadderOfAnotherForm(t *testing.T) {
	form := &record.Mapping{Name: "test", Fields: record.Aliases{
		"": {"ct."}, "eventName": {"event.action"}, "userIdentity.": {"ct.userIdentity.", "user."}, "userIdentity.arn": {"user.arn"}, "requestParameters.a.b": {"ct.flat"},
	}}
	const least = 20_000
	pairs, hits, mapped := 0, 0, 0
	for n := range uint64(120) {
		texts, data := generatedProgram(n)
		var list []*rules.Rule
		for _, text := range texts {
			r, err := generated(text)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, r)
		}
		r, err := newRungsBeside(list, form)
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(12) {
			o := rulegen.RecordFromBytes(rulegen.Seed(n<<20 + 300 + i))
			name, _, _ := chunk.Lookup(o, 0, "eventName")
			end, _ := chunk.Skip(o, name)
			outer := dict(str("ct"), string(o), str("event"), dict(str("action"), string(o[name:end])), str("user.arn"), str("arn:aws:iam::012345678901:root"), str("ct.flat"), str("stop"))
			if name > 0 && i%4 > 0 {
				data = append(data, framed([]byte(outer))...)
				mapped++
			} else {
				data = append(data, framed([]byte(dict(str("detail"), outer)))...)
			}
		}
		p, h, err := r.checkChunk(data)
		if err != nil {
			t.Fatalf("%d: %v\n%s\nchunk %x", n, err, texts, data)
		}
		pairs, hits = pairs+p, hits+h
	}
	if pairs < least || hits < pairs/100 || mapped < 500 {
		t.Errorf("%d pairs, %d hits, %d records of another form", pairs, hits, mapped)
	}
	t.Logf("ladder: %d pairs with records of another form, %d of them, %d hits", pairs, mapped, hits)
}
