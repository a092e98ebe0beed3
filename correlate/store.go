package correlate

// store keeps a State in a file.
type store struct{}
