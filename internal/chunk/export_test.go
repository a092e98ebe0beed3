package chunk

// NumberText is appendNumber, for tests that need other packages beside this one.
func NumberText(h Head) (string, bool) {
	text, ok := appendNumber([]byte("before"), h)
	return string(text[len("before"):]), ok
}

// JSON is the JSON text of the value at pos, without one member if that is named.
func JSON(data []byte, pos int, without string) string {
	r := &Projector{data: data}
	out, _ := r.appendJSON(nil, pos, 0)
	if h, _ := ReadHead(data, pos); h.Type == Map && without != "" {
		out, _ = r.appendObject(nil, pos, 0, without)
	}
	return string(out)
}
