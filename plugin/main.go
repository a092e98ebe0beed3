// Command plugin is the shared object that Fluent Bit loads: flb-filter_sigma.so, the native filter "sigma", and under the name of a link to it,
// out_sigma.so, the Go output "sigma". It is two thin doors: C calls come in, the engine or the relay is asked, bytes or a verdict go back. It knows
// neither msgpack nor Sigma.
package main

// version is set by the linker.
var version = "dev"

func main() {} // never called: a c-shared library has no main of its own
