#!/bin/sh
# Builds the receivers of the end-to-end tests into build/receivers (make receivers). What cannot be built, since the network or a program is
# missing, is named; the tests that need it are then skipped, so that is no failure.
cd "$(dirname "$0")" || exit 1
out=$(cd ../.. && pwd)/build/receivers
mkdir -p "$out" || exit 1

missing() {
	echo "make receivers: without $1, its tests are skipped: $2" >&2
}

if ! (cd splunkhec && CGO_ENABLED=0 "${GO:-go}" build -trimpath -buildvcs=false -o "$out/splunkhec" .); then
	rm -f "$out/splunkhec"
	missing 'the splunk_hec receiver' 'go build has failed'
fi

if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
	missing OpenSearch 'it needs java, 11 or later, and mvn'
	exit 0
fi
# Maven is slow even where nothing is to be done.
if [ -e "$out/opensearch/built" ] && [ -z "$(find opensearch -newer "$out/opensearch/built" -type f)" ]; then
	exit 0
fi
rm -rf "$out/opensearch"
if mvn -q -B -f opensearch/pom.xml process-classes; then
	touch "$out/opensearch/built"
else
	missing OpenSearch 'mvn has failed'
fi
