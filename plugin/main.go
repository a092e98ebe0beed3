// Command plugin is the shared object that Fluent Bit loads: flb-filter_sigma.so, the native filter "sigma". It is a thin door: C calls
// come in, the engine is asked, bytes go back. It knows neither msgpack nor Sigma.
package main

// version is set by the linker.
var version = "dev"

func main() {} // never called: a c-shared library has no main of its own
