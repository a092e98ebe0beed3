// Package flbhost is a C host (testdata/host.c) that loads the built plugin as Fluent Bit does, and its tests: everything that the border to C
// must stand, where no Fluent Bit is at hand.
package flbhost
