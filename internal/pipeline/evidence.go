package pipeline

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sigmatrail/enrich"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
)

// The limits of evidence. The README names the first two.
const (
	// mostEvidence is how many pieces of it a rule has on one event.
	mostEvidence = 16
	// mostText is how many bytes of a value are written.
	mostText = 256
	// mostCompared is how many bytes of text are compared for one rule on one record: less than a tenth of a second. CloudTrail's records have 256 KiB
	// at most, so that only rules with very many values that look at all of a large record come there; they go without.
	mostCompared = 8 << 20
	// ellipsis stands where a value was cut.
	ellipsis = "…"
)

// prover finds out which fields and values of a record satisfied the rules that hit it. It asks the oracle, as the compiled program only knows that they
// did; so each hit costs as much as evaluating its rule the slow way, and nothing else does. The nil prover proves nothing.
type prover struct {
	own, mapped *oracle.Oracle
	rules       int // how many there are; correlations behind them have no evidence in one record
}

// prover returns the one prover of the rules, which engines share.
func (p *Program) prover() *prover {
	p.proving.Do(func() {
		p.proved = &prover{rules: len(p.set.Rules), own: oracle.New(p.set.Rules, record.DefaultAliases(), p.ownKey)}
		if p.form != nil {
			p.proved.mapped = oracle.New(p.set.Rules, p.form.Aliases(), p.ownKey)
		}
	})
	return p.proved
}

// prove adds to the hits of j their evidence. Of several records in one event it is that of all that matched, up to what one may have.
func (c *prover) prove(hits []enrich.Hit, j *Judgement) {
	if c == nil {
		return
	}
	for i := range j.Verdicts {
		v := &j.Verdicts[i]
		if len(v.Hits) == 0 {
			continue
		}
		of, found := c.own, v.Found()
		if v.form != nil {
			of = c.mapped
		}
		for h := range hits {
			if hits[h].Rule < c.rules && slices.Contains(v.Hits, hits[h].Rule) {
				// Where the trace has been given up, or says no, there is none: the hit is written all the same.
				if t, ok := of.Trace(hits[h].Rule, found.Record, j.received, mostCompared); ok && t.Holds {
					hits[h].Evidence = appendEvidence(hits[h].Evidence, &t)
				}
			}
		}
	}
}

// appendEvidence appends what of the evidence is not there yet.
func appendEvidence(list []enrich.Evidence, t *oracle.Trace) []enrich.Evidence {
	for s := range t.Evidence() {
		if len(list) == mostEvidence {
			break
		}
		if e := (enrich.Evidence{Field: clip(s.Field, 0), Value: clip(s.Text, s.At)}); !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return list
}

// clip returns at most mostText bytes of a text with the byte at in them, with an ellipsis where it was cut. Bytes that are not UTF-8 are replaced, as
// neither JSON nor the stores behind it have them.
func clip(text string, at int) string {
	if !utf8.ValidString(text) {
		head := strings.ToValidUTF8(text[:at], "\uFFFD")
		text, at = head+strings.ToValidUTF8(text[at:], "\uFFFD"), len(head)
	}
	if len(text) <= mostText {
		return text
	}
	const before = mostText / 4 // of what is looked for, so that one sees where it stands
	start, end := max(0, at-before), len(text)
	room, tail := mostText, ""
	if start = min(start, len(text)-mostText+len(ellipsis)); start > 0 {
		room -= len(ellipsis)
	}
	if end-start > room {
		end, tail = start+room-len(ellipsis), ellipsis
	}
	for start > 0 && !utf8.RuneStart(text[start]) {
		start++
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	if start > 0 {
		return ellipsis + text[start:end] + tail
	}
	return text[:end] + tail
}
