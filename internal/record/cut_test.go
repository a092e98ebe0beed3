package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// listing is all that a reader has found, in order.
func listing(read func(string, io.Reader, Sink) error, r io.Reader) []string {
	var list []string
	err := read("f", r, Sink{
		Item: func(i Item) error { list = append(list, fmt.Sprintf("%d %s", i.Line, i.JSON)); return nil },
		Bad:  func(err error) { list = append(list, err.Error()) },
	})
	return append(list, fmt.Sprint(err))
}

// compareRead holds Read to encoding/json alone.
func compareRead(t *testing.T, content []byte, arriving func(io.Reader) io.Reader) {
	t.Helper()
	want := listing(referenceRead, bytes.NewReader(content))
	if diff := cmp.Diff(want, listing(Read, arriving(bytes.NewReader(content)))); diff != "" {
		t.Fatalf("%.200q (-encoding/json +ours)\n%s", content, diff)
	}
}

func atOnce(r io.Reader) io.Reader { return r }

func readSeeds() []string {
	return []string{
		``, ` `, `[]`, `[ ]`, `[{}]`, ` [ {"a":1} , {"b":"]}\\\""} ] `, `{"Records":[{"a":1},{"b":2}]}`, "\n{ \"Records\" :\t[ {\"a\":[{}]} , 7,{} ] ,\"x\":[1], \"y\":2}\n{\"c\":3}",
		`{"Records":[{"a":1}]}{"Records":[{"b":2},5]} {"c":3} 7 [{"d":4}]`, `{"Records":[]}`, `{"Records":7}`, `{"Records":{"a":1}}`, `[{"a":1},`, `[{"a":1}`, `[{"a":1},{"b"`,
		`[{"a":1} {"b":2}]`, `[{"a":1},,{"b":2}]`, `[{"a":1},{"b":]},{"c":3}]`, `[{"a":1},{"b":2]},{"c":3}]`, `{"Records":[{"a":1}}`, `{"Records":[{"a":1}]]`, `{"Records":[{"a":1}],}`,
		"{\n\"a\":1\n}\n{\n\"b\":{\"Records\":[]}\n}\nx", "{\"a\":1}\nnope\n[{\"b\":2},3]\n\n{\"Records\":[{\"c\":3}]}\r\n", "{\"a\":\n{\"b\":2}\n", "\xef\xbb\xbf[{\"a\":1}]", "\xff\xfe",
		`[{"a":"` + strings.Repeat("x", 3*bufferSize) + `"},{"b":` + strings.Repeat(" ", 3*bufferSize) + `2}` + strings.Repeat(" ", 3*bufferSize) + `,{"c":1}]`,
		`[{"a":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `},{"b":2}]`, "{\"a\":" + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + "}\n{\"b\":2}",
		`[{"a":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `,},{"b":2}]`, `{"Records":[{"a":1}],"x":`, `[{"a":1}]x`, `[{"a":1}]]`, `{"\u0052ecords":[{"a":1}]}`, `{"x":0,"Records":[{"a":1}],"Records":[]}`,
	}
}

// TestReadAsReference cuts the seeds at every byte, too.
func TestReadAsReference(t *testing.T) {
	for _, seed := range readSeeds() {
		for _, arriving := range []func(io.Reader) io.Reader{atOnce, iotest.OneByteReader, iotest.DataErrReader} {
			compareRead(t, []byte(seed), arriving)
		}
		if len(seed) > 1<<10 {
			continue
		}
		for i := range seed {
			compareRead(t, []byte(seed[:i]), atOnce)
			for _, c := range []byte("{}[],:\"\\ \n\x00") {
				changed := []byte(seed)
				changed[i] = c
				compareRead(t, changed, atOnce)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range readSeeds() {
		if len(seed) < 1<<10 {
			f.Add([]byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
			t.Skip("the reference does not unzip")
		}
		compareRead(t, content, atOnce)
	})
}

// TestReadFailure: what fails below is said as encoding/json would, behind what could be read.
func TestReadFailure(t *testing.T) {
	broken := errors.New("broken")
	for _, opening := range []string{"[", `{"Records":[`, "{\n", ""} {
		head := opening + `{"a":"` + strings.Repeat("x", 600) + `"}` // the reference wants that much to tell the form
		if opening == "{\n" {
			head = strings.Replace(head, "{\n{", "{\n", 1)
		}
		for _, rest := range []string{`,{"b":[1]} , 7,{"c":"}"}]}`, "\n{\"b\":\n2} {\n", ` {"b":2]`, `{"a":tru1}`} {
			for i := range len(rest) {
				reader := func() io.Reader {
					return io.MultiReader(strings.NewReader(head+rest[:i]), iotest.ErrReader(broken))
				}
				if diff := cmp.Diff(listing(referenceRead, reader()), listing(Read, reader())); diff != "" {
					t.Fatalf("%q (-encoding/json +ours)\n%s", rest[:i], diff)
				}
			}
		}
	}
}

// TestCutPromptly: a part is given away before more is read than it needs.
func TestCutPromptly(t *testing.T) {
	for _, content := range [][]string{{"{}\n", "{\"a\":1}\n", "{}\n"}, {"[{}", ",{\"a\":1}", ",{}", "]"}, {`{"Records":[{}`, `,{}`, `,{"a":1}`, `]}`}} {
		r, w := io.Pipe()
		parts := make(chan string)
		go func() {
			defer close(parts)
			var c Cutter
			if err := c.Cut("f", r, func(p Part) error { parts <- string(p.Text); return nil }); err != nil {
				t.Error(err)
			}
		}()
		for i, text := range content {
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if i < 3 {
				<-parts
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if more := <-parts; more != "" {
			t.Errorf("%q too many", more)
		}
	}
}

// BenchmarkRead reads one large file of each form.
func BenchmarkRead(b *testing.B) {
	event := `{"eventName":"StopLogging","userIdentity":{"arn":"arn:aws:iam::111122223333:user/bob","accountId":"111122223333"},"requestParameters":{"name":["x","y"]},"number":1.0}`
	const n = 10_000
	for name, content := range map[string]string{
		"lines": strings.Repeat(event+"\n", n), "Records": `{"Records":[` + strings.Repeat(event+",", n) + `{}]}`, "texts": "{\n}\n" + strings.Repeat(event+"\n", n),
	} {
		for way, read := range map[string]func(string, io.Reader, Sink) error{
			"read": Read, "control=encoding-json": referenceRead,
			"cut": func(name string, r io.Reader, _ Sink) error {
				var c Cutter
				return c.Cut(name, r, func(Part) error { return nil })
			},
		} {
			b.Run(name+"/"+way, func(b *testing.B) {
				b.SetBytes(int64(len(content)))
				for b.Loop() {
					if err := read("f", strings.NewReader(content), Sink{Item: func(Item) error { return nil }, Bad: func(err error) { b.Error(err) }}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
