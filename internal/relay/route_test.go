package relay

import (
	"bytes"
	"slices"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
)

// FuzzRoute: of any chunk every event goes somewhere, once or as a copy too, with the bytes of its body; and nothing that a receiver could not read.
func FuzzRoute(f *testing.F) {
	hit := append([]byte(v2), judged(f, stop)...)
	for _, parts := range [][]byte{framed(f, legacy, stop), framed(f, array32, read), framed(f, described, stop), []byte(groupStart + groupEnd), {0x93, 1, 2, 3, 0xc1}, hit} {
		f.Add(slices.Concat(framed(f, v2, read), parts), true, true)
		f.Add(slices.Concat(parts, hit), false, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, alertCopy, retain bool) {
		o := conf.Output{Tag: "$TAG", AlertTag: "alert", AlertLevel: "low", AlertCopy: alertCopy, RetainMetadataInForwardMode: retain}
		var r router
		if err := r.set(conf.Default(), o); err != nil {
			t.Fatal(err)
		}
		var to routed
		r.route(data, &to)
		in, markers := logs(t, data, false)
		all, kept := logs(t, to.all.entries, true)
		alerts, none := logs(t, to.alerts.entries, true)
		if !retain {
			markers = 0
		}
		if len(all)+kept != to.all.count || len(alerts) != to.alerts.count || kept != markers || none != 0 {
			t.Errorf("%d events and %d markers, said to be %d; %d alerts, said to be %d", len(all), kept, to.all.count, len(alerts), to.alerts.count)
		}
		for _, body := range in {
			i := slices.IndexFunc(all, func(b []byte) bool { return bytes.Equal(b, body) })
			if i >= 0 {
				all = slices.Delete(all, i, i+1)
			} else if alertCopy || !slices.ContainsFunc(alerts, func(b []byte) bool { return bytes.Equal(b, body) }) {
				t.Errorf("lost: %x", body)
			}
		}
		if len(all) != 0 {
			t.Errorf("%d events came from nowhere", len(all))
		}
	})
}

// logs returns the bodies of the events of a chunk, and how many markers are among them; sound means that there must be nothing else.
func logs(t *testing.T, data []byte, sound bool) (list [][]byte, markers int) {
	t.Helper()
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		switch ev.Kind {
		case chunk.Log:
			list = append(list, data[ev.BodyStart:ev.BodyEnd])
		case chunk.GroupStart, chunk.GroupEnd:
			markers++
		case chunk.Foreign, chunk.Damaged:
			if sound {
				t.Errorf("no event: %x", data[ev.Start:ev.End])
			}
		}
	}
	return list, markers
}
