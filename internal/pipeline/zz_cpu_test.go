package pipeline

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/record"
)

func threadNS() int64 {
	var ts syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 3, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}

func TestCPU(t *testing.T) {
	if os.Getenv("CPU") == "" {
		t.Skip()
	}
	runtime.LockOSThread()
	shared, _, _ := mixes.Open()
	set, _ := shared.SigmaHQRules()
	list, _ := shared.Mixes()
	p, err := newView(set, record.DefaultAliases(), "sigma")
	if err != nil {
		t.Fatal(err)
	}
	for _, mix := range list {
		l := newLook(p)
		var ev chunk.Event
		var hits []int
		fs := []func(){
			func() {
				for pos := 0; pos < len(mix.Data); {
					pos, _ = chunk.Skip(mix.Data, pos)
				}
			},
			func() {
				for w := chunk.NewWalker(mix.Data); w.Project(&ev, l.projector); {
				}
			},
			func() {
				for w := chunk.NewWalker(mix.Data); w.Project(&ev, l.projector); {
					if l.isRecord(mix.Data) {
						l.record.Reset(l.fields)
						l.projector.FillAnchors(&l.record)
					}
				}
			},
			func() {
				for w := chunk.NewWalker(mix.Data); w.Project(&ev, l.projector); {
					if l.isRecord(mix.Data) {
						l.record.Reset(l.fields)
						l.projector.FillAnchors(&l.record)
						l.program.Candidates(l.scratch, &l.record)
					}
				}
			},
			func() {
				for w := chunk.NewWalker(mix.Data); w.Project(&ev, l.projector); {
					if l.isRecord(mix.Data) {
						hits = l.match(hits[:0], time.Time{})
					}
				}
			},
		}
		res := make([][]float64, len(fs))
		for range 41 {
			for i, f := range fs {
				s := threadNS()
				f()
				res[i] = append(res[i], float64(threadNS()-s)/float64(mix.Records))
			}
		}
		out := fmt.Sprintf("%-22s", mix.Name)
		var base float64
		for i := range fs {
			slices.Sort(res[i])
			m := res[i][len(res[i])/4]
			if i == 0 {
				base = m
			}
			out += fmt.Sprintf(" %6.0f (%.2f)", m, m/base)
		}
		fmt.Println(out)
	}
}
