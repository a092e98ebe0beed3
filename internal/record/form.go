package record

import "bytes"

// form is how a file holds its events.
type form uint8

const (
	formLines   form = iota // one object a line
	formArray               // [ elements ]
	formRecords             // {"Records": [ elements ], …}
	formTexts               // JSON texts over any number of lines
)

// opening is what the elements of a form stand behind.
func (f form) opening() string {
	switch f {
	case formArray:
		return "["
	case formRecords:
		return `{"Records":[`
	case formLines, formTexts:
	}
	return ""
}

// formOf returns the form of a file that begins with head. decided is false where more bytes could change it.
func formOf(head []byte) (f form, decided bool) {
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 {
		return formLines, false
	}
	if head[0] == '[' {
		return formArray, true
	}
	_, matches := afterOpening(head, formRecords.opening())
	if matches == whole {
		return formRecords, true
	}
	return formLines, matches == no
}

// How far a text begins as it should.
const (
	no = iota
	soFar
	whole
)

// afterOpening returns where text goes on behind the tokens of opening, which may have white space between them.
func afterOpening(text []byte, opening string) (pos, matches int) {
	quoted := false
	for i := range len(opening) {
		for !quoted && pos < len(text) && (isSpace(text[pos]) || text[pos] == '\f') {
			pos++
		}
		switch {
		case pos == len(text):
			return pos, soFar
		case text[pos] != opening[i]:
			return pos, no
		}
		quoted = quoted != (opening[i] == '"')
		pos++
	}
	return pos, whole
}
