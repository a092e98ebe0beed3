package correlate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/bits"
	"os"
)

// bbolt maps a file into memory and trusts what it finds: a number of a page that is wrong makes it read memory that is not there, partly in goroutines of its
// own, where nobody can recover, and a length that is wrong makes it ask for more memory than there is. So the structure of a file is looked over first, by reading
// it. Pages are as in bbolt's internal/common: numbers in the order of the machine's bytes, 16 bytes of header (id, flags, count, overflow), then
// elements of 16 bytes (branch: pos, ksize, id; leaf: flags, pos, ksize, vsize), whose keys and values stand pos bytes behind the element.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeader  = 16
	pageElement = 16
	metaSize    = 64 // without its check sum, which follows: 56

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketLeaf   = 0x01

	noFreelist = ^uint64(0)
	deepest    = 64 // of pages below pages
)

// boltMeta is where a version of the whole file begins.
type boltMeta struct {
	pageSize             int
	root, freelist, size uint64 // size: pages
	transaction          uint64
}

// pages checks a file.
type pages struct {
	file *os.File
	boltMeta

	used []uint64 // a bit each: pages that something refers to
}

// checkPages reports what is wrong with a file of bbolt, as an error of type damaged. An empty file is one that is yet to be made.
func checkPages(file *os.File) error {
	info, err := file.Stat()
	if err != nil || (info.Mode().IsRegular() && info.Size() == 0) {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no file")
	}
	p := pages{file: file}
	if err := p.meta(info.Size()); err != nil {
		return err
	}
	p.used = make([]uint64, p.size/64+1)
	if err := p.freelistPages(); err != nil {
		return err
	}
	return p.bucket(p.root, 0)
}

func damage(format string, args ...any) error { return &damaged{fmt.Errorf(format, args...)} }

// meta finds the newest version of the file that is whole.
func (p *pages) meta(length int64) error {
	const least, most = 1 << 10, 1 << 24
	found := false
	for at := int64(0); at < most && at < length; at = max(least, 2*at) {
		m, ok := readMeta(p.file, at)
		if !ok || (at > 0 && int64(m.pageSize) != at) || m.pageSize < least || m.pageSize > most || bits.OnesCount(uint(m.pageSize)) != 1 {
			continue
		}
		if !found || m.transaction > p.transaction {
			found, p.boltMeta = true, m
		}
	}
	switch {
	case !found:
		return damage("it is no file of bbolt, or both of its beginnings are damaged")
	case p.size < 3 || p.size > uint64(length)/uint64(p.pageSize): //nolint:gosec // positive
		return damage("it was cut short: it has %d bytes, and should have %d pages of %d", length, p.size, p.pageSize)
	}
	return nil
}

func readMeta(file *os.File, at int64) (m boltMeta, ok bool) {
	var raw [pageHeader + metaSize]byte
	if _, err := file.ReadAt(raw[:], at); err != nil {
		return m, false
	}
	b := raw[pageHeader:]
	h := fnv.New64a()
	_, _ = h.Write(b[:56])
	order := binary.NativeEndian
	if order.Uint32(b) != boltMagic || order.Uint32(b[4:]) != boltVersion || order.Uint64(b[56:]) != h.Sum64() {
		return m, false
	}
	return boltMeta{
		pageSize: int(order.Uint32(b[8:])), root: order.Uint64(b[16:]), freelist: order.Uint64(b[32:]), size: order.Uint64(b[40:]), transaction: order.Uint64(b[48:]),
	}, true
}

// page reads a page with what it overflows into, once.
func (p *pages) page(id uint64) (text []byte, err error) {
	var header [pageHeader]byte
	if id < 2 || id >= p.size {
		return nil, damage("page %d is referred to, of %d", id, p.size)
	}
	offset := int64(id) * int64(p.pageSize) //nolint:gosec // inside the file
	if _, err := p.file.ReadAt(header[:], offset); err != nil {
		return nil, err
	}
	more := uint64(binary.NativeEndian.Uint32(header[12:]))
	if own := binary.NativeEndian.Uint64(header[:]); own != id || more >= p.size-id {
		return nil, damage("page %d says that it is page %d, and %d more", id, own, more)
	}
	for i := id; i <= id+more; i++ {
		if err := p.use(i); err != nil {
			return nil, err
		}
	}
	text = make([]byte, int(more+1)*p.pageSize) //nolint:gosec // inside the file
	if _, err := p.file.ReadAt(text, offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return text, nil
}

func (p *pages) use(id uint64) error {
	if p.used[id/64]&(1<<(id%64)) != 0 {
		return damage("page %d is referred to twice", id)
	}
	p.used[id/64] |= 1 << (id % 64)
	return nil
}

// freelistPages checks the list of free pages.
func (p *pages) freelistPages() error {
	if p.freelist == noFreelist {
		return damage("it has no list of free pages")
	}
	text, err := p.page(p.freelist)
	if err != nil {
		return err
	}
	order := binary.NativeEndian
	n, ids := uint64(order.Uint16(text[10:])), text[pageHeader:]
	if n == 1<<16-1 {
		n, ids = order.Uint64(ids), ids[8:]
	}
	if order.Uint16(text[8:]) != freelistPage || n > uint64(len(ids)/8) {
		return damage("the list of free pages is none")
	}
	before := uint64(1)
	for i := range n {
		id := order.Uint64(ids[8*i:])
		if id <= before || id >= p.size {
			return damage("page %d is said to be free behind page %d, of %d", id, before, p.size)
		}
		if err := p.use(id); err != nil {
			return err
		}
		before = id
	}
	return nil
}

// bucket checks the tree of pages of a bucket.
func (p *pages) bucket(root uint64, depth int) error {
	var last []byte
	return p.tree(root, nil, &last, depth)
}

// tree checks a page and those below it. first is the key under which it stands in the page above, by which bbolt finds it there again, and so its own first
// key; nil: it stands in none. Its keys come behind last, which becomes its last one.
func (p *pages) tree(id uint64, first []byte, last *[]byte, depth int) error {
	if depth > deepest {
		return damage("pages are %d deep", depth)
	}
	text, err := p.page(id)
	if err != nil {
		return err
	}
	switch flags := binary.NativeEndian.Uint16(text[8:]); flags {
	case leafPage:
		return p.leaf(text, id, first, last, depth)
	case branchPage:
		return p.branch(text, id, first, last, depth)
	default:
		return damage("page %d has flags %#x", id, flags)
	}
}

// element returns where the n-th element of a page begins, and its key and value, whose sizes stand at other places in branches and leaves.
func element(text []byte, n int, leaf bool) (head, key, value []byte, ok bool) {
	order := binary.NativeEndian
	at := pageHeader + n*pageElement
	if at+pageElement > len(text) {
		return nil, nil, nil, false
	}
	head = text[at:]
	var pos, ksize, vsize uint64
	if leaf {
		pos, ksize, vsize = uint64(order.Uint32(head[4:])), uint64(order.Uint32(head[8:])), uint64(order.Uint32(head[12:]))
	} else {
		pos, ksize = uint64(order.Uint32(head)), uint64(order.Uint32(head[4:]))
	}
	if ksize == 0 || pos+ksize+vsize > uint64(len(head)) {
		return nil, nil, nil, false
	}
	return head, head[pos : pos+ksize], head[pos+ksize : pos+ksize+vsize], true
}

func (p *pages) branch(text []byte, id uint64, first []byte, last *[]byte, depth int) error {
	n := int(binary.NativeEndian.Uint16(text[10:]))
	if n == 0 {
		return damage("page %d is empty", id)
	}
	for i := range n {
		head, key, _, ok := element(text, i, false)
		if !ok || (*last != nil && bytes.Compare(key, *last) <= 0) || (i == 0 && first != nil && !bytes.Equal(key, first)) {
			return damage("page %d: element %d of %d", id, i, n)
		}
		if err := p.tree(binary.NativeEndian.Uint64(head[8:]), key, last, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *pages) leaf(text []byte, id uint64, first []byte, last *[]byte, depth int) error {
	n := int(binary.NativeEndian.Uint16(text[10:]))
	if n == 0 && first != nil {
		return damage("page %d is empty", id)
	}
	for i := range n {
		head, key, value, ok := element(text, i, true)
		if !ok || (*last != nil && bytes.Compare(key, *last) <= 0) || (i == 0 && first != nil && !bytes.Equal(key, first)) {
			return damage("page %d: element %d of %d", id, i, n)
		}
		*last = key
		switch binary.NativeEndian.Uint32(head) {
		case 0:
		case bucketLeaf:
			if err := p.nested(value, id, depth); err != nil {
				return err
			}
		default:
			return damage("page %d: element %d has flags", id, i)
		}
	}
	return nil
}

// nested checks a bucket in a bucket: a root page, or a page that stands in the value itself.
func (p *pages) nested(value []byte, id uint64, depth int) error {
	const header = 16
	if len(value) < header {
		return damage("page %d: a bucket of %d bytes", id, len(value))
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return p.bucket(root, depth+1)
	}
	inline := value[header:]
	if depth >= deepest || len(inline) < pageHeader || binary.NativeEndian.Uint16(inline[8:]) != leafPage || binary.NativeEndian.Uint64(inline) != 0 {
		return damage("page %d: a bucket in it", id)
	}
	var last []byte
	return p.leaf(inline, id, nil, &last, depth+1)
}
