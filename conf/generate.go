package conf

//go:generate go run ./generate -root ..
