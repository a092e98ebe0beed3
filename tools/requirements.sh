#!/bin/sh
# Says what the machine lacks to build sigmatrail, and how to get it.
GO=${GO:-go}
missing=0

lacks() {
	printf 'sigmatrail needs %s: %s\n' "$1" "$2" >&2
	missing=1
}

if ! command -v "$GO" >/dev/null 2>&1; then
	lacks 'Go 1.26 or later' 'install it from https://go.dev/dl'
else
	version=$("$GO" env GOVERSION | sed -E 's/^go1\.([0-9]+).*/\1/')
	if [ "${version:-0}" -lt 26 ] 2>/dev/null; then
		lacks 'Go 1.26 or later' "this is $("$GO" env GOVERSION); install it from https://go.dev/dl, or set GOTOOLCHAIN=auto"
	fi
fi

CC=${CC:-gcc}
if ! command -v "$CC" >/dev/null 2>&1; then
	lacks 'gcc' 'apt-get install gcc libc6-dev, or dnf install gcc glibc-devel'
elif ! printf '#include <stdio.h>\n#include <dlfcn.h>\n' | "$CC" -E - >/dev/null 2>&1; then
	lacks "the C library's headers" 'apt-get install libc6-dev, or dnf install glibc-devel'
fi

exit $missing
