// Package rulegen makes rules and records for the tests that hold one evaluator to another. Both speak one small vocabulary, so that they
// meet often; rules are sound and use all of Sigma, records are sound msgpack and as hostile as a sender may make them. Only tests import it.
package rulegen

import (
	"encoding/binary"
	"math/rand/v2"

	"pgregory.net/rapid"
)

// Rule generates the YAML text of one Sigma rule that rules.Parse accepts and that applies to CloudTrail. About 60 % are built like the rules
// that people write: exact lists of eventName and eventSource and something more. The others put any items under any condition. The
// modifier expand is left out, as it depends on placeholders.
func Rule() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return ruleText(fromRapid(t)) })
}

// Record generates one msgpack map. Most are CloudTrail records, some of them inside an envelope that record.Find looks into. Headers have any
// width, keys any type and order; there are duplicates, dotted keys, arrays of objects, deep nesting, and bytes that are not UTF-8.
func Record() *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte { return recordBytes(fromRapid(t)) })
}

// Neighbours generates a chunk as Fluent Bit frames it, of records of which each differs a little from the one before: in a byte of
// userIdentity, in a key of the same length with the same ends, in order, or not at all. It is for evaluators that keep state from one record
// to the next. chunk.Walker finds the records in it.
func Neighbours() *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte { return neighbours(fromRapid(t)) })
}

// RuleFromBytes is Rule with the choices taken from data, for fuzz targets. Any data will do; where it ends, the simplest choices follow.
func RuleFromBytes(data []byte) string { return ruleText(fromBytes(data)) }

// RecordFromBytes is Record with the choices taken from data.
func RecordFromBytes(data []byte) []byte { return recordBytes(fromBytes(data)) }

// NeighboursFromBytes is Neighbours with the choices taken from data.
func NeighboursFromBytes(data []byte) []byte { return neighbours(fromBytes(data)) }

// Seed returns 1 KiB for the functions above, always the same for the same number and enough for nearly all that they make: the corpus that a
// fuzz target starts from, and a quick way to many rules and records without rapid.
func Seed(number uint64) []byte {
	const enough = 1 << 10
	random := rand.New(rand.NewPCG(number, 0))
	data := make([]byte, 0, enough)
	for len(data) < enough {
		data = binary.LittleEndian.AppendUint64(data, random.Uint64())
	}
	return data
}
