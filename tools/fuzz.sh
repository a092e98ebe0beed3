#!/bin/sh
# Runs every fuzz target for FUZZTIME, one after the other.
set -eu
GO=${GO:-go}
for package in $("$GO" list ./... | grep -v -e /plugin -e /flbhost -e /e2e); do
	for target in $("$GO" test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $target"
		"$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" -fuzzminimizetime 2s "$package"
	done
done
