package chunk_test

import (
	"fmt"

	"sigmatrail/internal/chunk"
)

func ExampleWalker() {
	// Two events of Fluent Bit 5: [[time, metadata], body].
	data := []byte("\x92\x92\x07\x80\x81\xa1a\x01" + "\x92\x92\x08\x80\x81\xa1a\x02")
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		fmt.Printf("%d %q\n", ev.Seconds, data[ev.BodyStart:ev.BodyEnd])
	}
	// Output:
	// 7 "\x81\xa1a\x01"
	// 8 "\x81\xa1a\x02"
}
