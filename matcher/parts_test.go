package matcher

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestHashes has a table as full as it gets, with hashes that differ in what the place does not depend on.
func TestHashes(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 100, 5000} {
		random := rand.New(rand.NewPCG(uint64(n), 1))
		table, want := newHashes(n), make(map[uint64]uint32)
		for i := range uint32(n) {
			h := random.Uint64()
			if i%3 > 0 { // many with one place
				h = random.Uint64() << 40
			}
			before, taken := want[h|1]
			if got := table.put(h, i); taken && got != before || !taken && got != i {
				t.Fatalf("put %x: %d", h, got)
			}
			if !taken {
				want[h|1] = i
			}
		}
		for h, value := range want {
			if got, ok := table.get(h); !ok || got != value {
				t.Fatalf("get %x: %d %v, want %d", h, got, ok, value)
			}
			if _, ok := table.get(h ^ 2); ok != (want[h^2] > 0 || hasKey(want, h^2)) {
				t.Fatalf("get %x, which was not put: %v", h^2, ok)
			}
		}
	}
}

func hasKey(m map[uint64]uint32, h uint64) bool { _, ok := m[h]; return ok }

// TestExactSet has sets below and above the size from which they are hashed, of texts that differ by case alone and some twice.
func TestExactSet(t *testing.T) {
	all := []string{"stop", "STOP", "Stop", "\u017ftop", "", "a", "A", "kelvin", "\u212aelvin", "a text of seventeen", "A TEXT OF SEVENTEEN", "é", "É", "\xff", "\xfe", "stop", "b", "c", "d", "e"}
	for n := 1; n <= len(all); n++ {
		for from := 0; from+n <= len(all); from++ {
			list := all[from : from+n]
			var folded []string
			for _, text := range list {
				folded = append(folded, foldString(text))
			}
			exact, cased := newExactSet(folded), newExactSet(list)
			for _, text := range append(slices.Clone(all), "sto", "stopp", "x", "\u017f", "st\xffp") {
				want := slices.ContainsFunc(list, func(l string) bool { return naiveFits([]PatternPart{{Literal: l}}, text, false) })
				v := Value{Text: []byte(text)}
				if got := exact.has((&Scratch{}).fold(&v)); got != want {
					t.Errorf("%q in %q: %v", text, list, got)
				}
				if got := cased.hasCased([]byte(text)); got != slices.Contains(list, text) {
					t.Errorf("%q in %q, cased: %v", text, list, got)
				}
			}
		}
	}
}

// TestEqualHashes: two texts of one hash are told apart by sets, and select both rules in an index.
func TestEqualHashes(t *testing.T) {
	list := []string{"A", "B", "C", "D", "E", "F", "G"}
	s := newExactSet(list)
	s.table = newHashes(len(list))
	s.next = make([]uint32, len(list))
	h, _ := hashUpper([]byte("A"))
	for i := range uint32(len(list)) { // all as if they had the hash of A
		if first := s.table.put(h, i); first != i {
			s.next[i], s.next[first] = s.next[first], i+1
		}
	}
	found := 0
	for i, ok := s.table.get(h); ok; i, ok = s.next[i]-1, s.next[i] > 0 {
		found++
	}
	if found != len(list) || !s.has([]byte("a")) {
		t.Errorf("%d of %d in the chain", found, len(list))
	}
}

// occurrences says which words stand in a text, by strings.Contains.
func occurrences(words []string, text string) (list []int32) {
	for i, w := range words {
		if strings.Contains(text, w) {
			list = append(list, int32(i))
		}
	}
	return list
}

func checkAutomaton(words []string, text string) error {
	folded := make([]string, 0, len(words))
	for _, w := range words {
		folded = append(folded, foldString(w))
	}
	want := occurrences(folded, foldString(text))
	v := Value{Text: []byte(text)}
	searched := (&Scratch{}).fold(&v)
	for _, budget := range []int{0, mostDenseAll} {
		a := newAutomaton(folded, &budget)
		var got []int32
		ends := 0
		a.search(searched, func(id int32) bool {
			ends++
			if !slices.Contains(got, id) {
				got = append(got, id)
			}
			return true
		})
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Errorf("%q in %q, dense %v: %v, want %v", words, text, a.dense != nil, got, want)
		}
		first := 0
		a.search(searched, func(int32) bool { first++; return false })
		if first != min(1, ends) {
			return fmt.Errorf("%q in %q: the search does not end", words, text)
		}
	}
	return nil
}

func TestAutomaton(t *testing.T) {
	var all []string // every byte, so that there are as many classes as there can be
	for b := range 256 {
		all = append(all, string([]byte{byte(b)}), string([]byte{byte(b), 'x', byte(b)}))
	}
	for _, test := range []struct {
		words []string
		texts []string
	}{
		{[]string{"he", "she", "his", "hers"}, []string{"ushers", "USHERS", "hishe", "", "h"}},
		{[]string{"a", "aa", "aaa", "a"}, []string{"", "a", "AA", "baaab", "aaaaaaa"}},
		{[]string{"stop", "\u017fto", "kel", "\u212aelvin"}, []string{"nonSTOP", "\u017ftop", "kelvin", "\u212aelvin", "\u212a\u212aelvi"}},
		{[]string{"\xff", "\xc3", "é", "abcabd"}, []string{"\xc3", "É", "abcabcabd", "\xff\xfe"}},
		{all, []string{strings.Join(all, ""), "xyz", "\x00\x01"}},
	} {
		for _, text := range test.texts {
			if err := checkAutomaton(test.words, text); err != nil {
				t.Error(err)
			}
		}
	}
}

// FuzzAutomaton holds the automata, dense and sparse, to strings.Contains.
func FuzzAutomaton(f *testing.F) {
	f.Add("he,she,his,hers", "ushers")
	f.Add("a,aa,\u017f,k", "baab\u212as")
	f.Fuzz(func(t *testing.T, list, text string) {
		const most = 400
		var words []string
		for w := range strings.SplitSeq(list[:min(len(list), most)], ",") {
			if w != "" {
				words = append(words, w)
			}
		}
		if err := checkAutomaton(words, text[:min(len(text), most)]); err != nil {
			t.Fatal(err)
		}
	})
}

func checkDecimal(a, b string) error {
	for _, text := range []string{a, b} {
		_, ok := parseDecimal([]byte(text))
		if n := naiveNumber(text); n != nil && !ok || n == nil && ok && !numberFormLong.MatchString(text) {
			return fmt.Errorf("%q is a number: %v", text, ok)
		}
	}
	x, y := naiveNumber(a), naiveNumber(b)
	if x == nil || y == nil {
		return nil
	}
	d, _ := parseDecimal([]byte(a))
	e, _ := parseDecimal([]byte(b))
	if d.compare(e) != x.Cmp(y) || e.compare(d) != y.Cmp(x) || d.compare(d) != 0 {
		return fmt.Errorf("%q and %q: %d, want %d", a, b, d.compare(e), x.Cmp(y))
	}
	return nil
}

// numberFormLong has exponents that big.Rat should not be asked for.
var numberFormLong = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{4,}$`)

func TestDecimal(t *testing.T) {
	list := []string{
		"0", "-0", "+0", "0.0", ".0", "0.", "00", "0e5", "1", "+1", "-1", "1.", ".1", "01", "1.0", "1.10", "10", "1e1", "1E+1", "100e-1", "0.1e2", "9007199254740993", "9007199254740992",
		"18446744073709551616", "-9223372036854775809", "1e400", "1e-400", "0.000001", "1e-6", "12.34", "1234e-2", "0012.340", "-12.35",
		"", "-", ".", "e1", "1e", "1e+", "--1", "+-1", "1.2.3", "1 ", " 1", "0x10", "1_0", "inf", "NaN", "1e1.5", "1e2e3", "1e1048576", "1e-1048576", "1e99999999999999999999", "１",
	}
	for _, a := range list {
		for _, b := range list {
			if err := checkDecimal(a, b); err != nil {
				t.Error(err)
			}
		}
	}
	for n := range 10_000 {
		d, _ := parseDecimal([]byte("5000"))
		if got, want := compareInt(n, d), max(-1, min(1, n-5000)); got != want {
			t.Fatalf("%d: %d", n, got)
		}
	}
}

// FuzzDecimal holds numbers to big.Rat.
func FuzzDecimal(f *testing.F) {
	f.Add("22", "22.0")
	f.Add("1e3", "1000.0000001")
	f.Fuzz(func(t *testing.T, a, b string) {
		const most = 60
		if err := checkDecimal(a[:min(len(a), most)], b[:min(len(b), most)]); err != nil {
			t.Fatal(err)
		}
	})
}

func checkNetwork(text string, network netip.Prefix) error {
	if got, want := inNetwork([]byte(text), network), naiveNetwork(text, network); got != want {
		return fmt.Errorf("%q in %s: %v", text, network, got)
	}
	addr, ok := parseIPv4([]byte(text))
	if want, err := netip.ParseAddr(text); ok != (err == nil && want.Is4()) || (ok && addr != want) {
		return fmt.Errorf("%q: %v %v, want %v", text, addr, ok, want)
	}
	return nil
}

func TestNetwork(t *testing.T) {
	var networks []netip.Prefix
	for _, text := range []string{"10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "192.168.1.0/24", "2001:db8::/32", "::/0", "fe80::/10", "::1/128"} {
		networks = append(networks, netip.MustParsePrefix(text))
	}
	for _, text := range []string{
		"10.0.0.1", "10.0.0.0/8", "10.0.0.0/7", "10.0.0.0/33", "10.0.0.0/08", "010.0.0.1", "10.0.0.256", "10.0.0", "10.0.0.1.2", "10.0.0.1 ", "1.2.3.4/", "0.0.0.0", "0.0.0.0/0", "00.0.0.0",
		"::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "::ffff:10.0.0.0/95", "::ffff:a00:1", "2001:db8::1", "2001:db8::/48", "2001:db8::/31", "fe80::1%eth0", "fe80::1%", "fe80::%1/64", "::", "::/0",
		"10.0.0.1%eth0", "cloudtrail.amazonaws.com", "", ":", "/", "1", "a:b", "255.255.255.255", "-1.0.0.0", "1..2.3", "1.2.3.", "1.2.3.1000",
	} {
		for _, n := range networks {
			if err := checkNetwork(text, n); err != nil {
				t.Error(err)
			}
		}
	}
}

// FuzzNetwork holds networks to net/netip.
func FuzzNetwork(f *testing.F) {
	f.Add("10.0.0.1", uint8(8), []byte{10, 0, 0, 0})
	f.Add("::ffff:10.0.0.0/120", uint8(104), []byte{10, 0, 0, 0})
	f.Fuzz(func(t *testing.T, text string, bits uint8, raw []byte) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		addr = addr.Unmap()
		network := netip.PrefixFrom(addr, int(bits)%(addr.BitLen()+1)).Masked()
		for _, one := range []string{text, addr.String(), addr.String() + "/" + strconv.Itoa(int(bits)), "::ffff:" + addr.String()} {
			if err := checkNetwork(one, network); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestRequiredByRegexp(t *testing.T) {
	for expression, want := range map[string]string{
		`stop`: "STOP", `(?i)stop`: "STOP", `a{2,3}b`: "AA", `^(curl|wget)/`: "/", `x.*longer`: "LONGER", `(?:Put|Get)Object`: "OBJECT", `[ab]c`: "C", `a+b`: "A", `a*b`: "B",
		`(abc)+d`: "ABC", `(abc)?d`: "D", `(abc){0,2}d`: "D", `(abc){2}`: "ABCABC", `a|b`: "", `.*`: "", ``: "", `\bword\b`: "WORD", "k\u212a\u017fs": "KKSS", "a\ufffdbc": "", `(a(b(c)))d`: "ABCD",
		`(?i)stra\x{df}e`: "STRAßE", `a.c`: "A", `\x{1F600}`: "😀", `(?m)^x$`: "X", `(?s)a.b`: "A",
	} {
		if _, err := regexp.Compile(expression); err != nil {
			continue
		}
		if got := requiredByRegexp(expression); got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

// FuzzRequiredLiterals: where an expression matches a text, the text without case has what is required.
func FuzzRequiredLiterals(f *testing.F) {
	for _, seed := range [][2]string{{`(?i)stop`, "non\u017ftop"}, {"\ufffd", "\xff"}, {`k+s`, "kks"}, {`(a|b)c{2,}\b`, "bcc"}, {"(?i)\u212a", "k"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		const most = 100
		expression = expression[:min(len(expression), most)]
		text = text[:min(len(text), most)]
		for _, e := range []string{expression, "(?i)" + expression, regexp.QuoteMeta(text), "(?i)" + regexp.QuoteMeta(text), "(" + regexp.QuoteMeta(text) + ")+|" + expression} {
			re, err := regexp.Compile(e)
			if err != nil {
				continue
			}
			need := requiredByRegexp(e)
			for _, in := range []string{text, strings.ToUpper(text), strings.ToLower(text), "\xff" + text + text, strings.NewReplacer("s", "\u017f", "k", "\u212a").Replace(text)} {
				if re.MatchString(in) && !strings.Contains(foldString(in), need) {
					t.Fatalf("%q matches %q, which lacks %q", e, in, need)
				}
			}
		}
	})
}
