//go:build !sigmafaults

package main

// provoke does nothing in a build that is shipped.
func provoke([]byte) {}
