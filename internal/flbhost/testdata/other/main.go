// Another Go shared object, as another plugin of the host would be.
package main

import "C"

// OtherAdd does some work of its own.
//
//export OtherAdd
func OtherAdd(a, b C.int) C.int {
	sum := make(chan C.int)
	go func() { sum <- a + b }()
	return <-sum
}

func main() {}
