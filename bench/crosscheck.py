#!/usr/bin/env python3
"""Compares sigmatrail with pySigma: pySigma parses the rules, and its own condition trees are walked here over the same records.

  pip install pysigma pyyaml
  make build && python3 bench/crosscheck.py [EVENTS RULES]

EVENTS is a folder of *.ndjson, RULES one of Sigma rules; without them only the project's conformance suite is compared. What differs on purpose is
listed in docs/RATIONALE.md, "Where pySigma differs", and in EXPECTED below. The exit status is 1 where anything else differs.
"""
import glob
import ipaddress
import json
import re
import subprocess
import sys
import textwrap
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path

import yaml
from sigma.collection import SigmaCollection
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR, ConditionValueExpression
from sigma.exceptions import SigmaError
import sigma.types as T

ROOT = Path(__file__).resolve().parent.parent

# Where the suite and pySigma part on purpose: file, a part of the detection, why (docs/RATIONALE.md, "Where pySigma differs").
EXPECTED = [
    ("aliases.yml", "", "the short paths of security groups are a table of sigmatrail's"),
    ("conditions.yml", " AND ", "operators in capitals are accepted with a warning"),
    ("encodings.yml", "22]", "numbers are encoded by their text"),
    ("encodings.yml", "utf16le: ", "pySigma lacks utf16le"),
    ("encodings.yml", "é", "pySigma encodes ASCII alone"),
    ("expand.yml", "", "placeholders need a processing pipeline"),
    ("objects.yml", "f: '*'", "pySigma's tree does not tell '*' from an empty contains"),
    ("order.yml", "9007199254740993", "pySigma rounds big integers"),
    ("scalars.yml", "22.0", "pySigma takes the number for the text"),
    ("scalars.yml", "1.10", "pySigma takes the number for the text"),
    ("scalars.yml", "012345678901", "YAML 1.1 takes it for octal"),
    ("scalars.yml", "No", "YAML 1.1 takes it for false"),
    ("scalars.yml", "2024-01-02", "YAML 1.1 takes it for a date"),
    ("scalars.yml", "9007199254740993", "pySigma rounds big integers"),
    ("scalars.yml", "123456789012345678901234567890", "pySigma rounds big integers"),
    ("substrings.yml", "startswith: 1", "pySigma refuses numbers where a text is compared"),
]


def expected(difference):
    return any(difference[0] == file and part in difference[1] for file, part, _ in EXPECTED)


def lookup(value, path):
    """Every value at a path of keys, through lists, at every split of the dots."""
    if isinstance(value, list):
        return [found for element in value for found in lookup(element, path)]
    found = []
    if isinstance(value, dict):
        for n in range(1, len(path) + 1):
            key = ".".join(path[:n])
            if key in value:
                found += [value[key]] if n == len(path) else lookup(value[key], path[n:])
    return found


def elements(values):
    for value in values:
        if isinstance(value, list):
            yield from elements(value)
        else:
            yield value


def descendants(obj):
    for value in obj.values():
        for element in elements([value]):
            if isinstance(element, dict):
                yield from descendants(element)
            else:
                yield element


def text_of(value):
    """The canonical text of a scalar, or None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and abs(value) < 1e21 else repr(value)
    return value if isinstance(value, str) else None


def compact(value):
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + compact(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(v) for v in value) + "]"
    if value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return text_of(value)


def fold(text):
    """Simple folding: one character for one, unlike str.casefold."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in (c.upper() if len(c.upper()) == 1 else c for c in text))


def string_regexp(string):
    parts = []
    for part in string.s:
        if part == T.SpecialChars.WILDCARD_MULTI:
            parts.append(".*")
        elif part == T.SpecialChars.WILDCARD_SINGLE:
            parts.append(".")
        else:
            parts.append(re.escape(str(part) if isinstance(string, T.SigmaCasedString) else fold(str(part))))
    return "".join(parts)


def number(text):
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def part_of(value, part):
    text = text_of(value)
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            when = datetime.fromtimestamp(value / 1000 if value >= 1e11 else value, timezone.utc)
        else:
            when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, AttributeError, OverflowError):
        return None
    return when.isocalendar()[1] if part.name == "WEEK" else getattr(when, part.name.lower())


class Walker:
    """Evaluates pySigma's conditions on one record."""

    def __init__(self, record):
        self.record = record

    def holds(self, node):
        if isinstance(node, ConditionAND):
            return all(self.holds(a) for a in node.args)
        if isinstance(node, ConditionOR):
            return any(self.holds(a) for a in node.args)
        if isinstance(node, ConditionNOT):
            return not self.holds(node.args[0])
        if isinstance(node, ConditionValueExpression):
            record = {k: v for k, v in self.record.items() if k != "sigma"}
            return self.contains(node.value, record)
        if isinstance(node, ConditionFieldEqualsValueExpression):
            return self.field(node.field, node.value)
        raise TypeError(node)

    def contains(self, value, record):
        """A keyword: in any scalar, or in the JSON text."""
        if isinstance(value, T.SigmaString):
            pattern = re.compile(string_regexp(value), re.S)
            cased = isinstance(value, T.SigmaCasedString)
            texts = [t for t in map(text_of, descendants(record)) if t is not None] + [compact(record)]
            return any(pattern.search(t if cased else fold(t)) for t in texts)
        return self.contains(T.SigmaString(str(value)), record)

    def field(self, name, value):
        found = lookup(self.record, name.split("."))
        if isinstance(value, T.SigmaExists):
            return bool(value) == bool(found)
        all_elements = list(elements(found))
        if isinstance(value, T.SigmaNull):
            return all(e is None for e in all_elements)
        if isinstance(value, T.SigmaExpansion):
            return any(self.field(name, v) for v in value.values)
        if isinstance(value, T.SigmaFieldReference):
            return self.reference(value, all_elements)
        return any(self.element(value, e) for e in all_elements)

    def reference(self, value, found):
        others = [t for t in map(text_of, elements(lookup(self.record, value.field.split(".")))) if t is not None]
        for text in (t for t in map(text_of, found) if t is not None):
            for other in others:
                a, b = fold(text), fold(other)
                if value.starts_with and value.ends_with and b in a:
                    return True
                if a == b or (value.starts_with and not value.ends_with and a.startswith(b)) or (value.ends_with and not value.starts_with and a.endswith(b)):
                    return True
        return False

    def element(self, value, element):
        if not isinstance(element, dict):
            return self.scalar(value, element)
        wild = isinstance(value, T.SigmaRegularExpression) or (isinstance(value, T.SigmaString) and value.contains_special())
        if not wild:
            return False
        if any(self.scalar(value, d) for d in descendants(element)):
            return True
        both = isinstance(value, T.SigmaString) and value.startswith(T.SpecialChars.WILDCARD_MULTI) and value.endswith(T.SpecialChars.WILDCARD_MULTI)
        return (isinstance(value, T.SigmaRegularExpression) or both) and self.scalar(value, compact(element))

    def scalar(self, value, element):
        text = text_of(element)
        if text is None:
            return False
        if isinstance(value, T.SigmaRegularExpression):
            flags = 0
            for flag in value.flags:
                flags |= {"IGNORECASE": re.I, "MULTILINE": re.M, "DOTALL": re.S}[flag.name]
            return re.search(str(value.regexp), text, flags) is not None
        if isinstance(value, T.SigmaCIDRExpression):
            return self.network(value, text)
        if isinstance(value, T.SigmaTimestampPart):
            return part_of(element, value.timestamp_part) == int(str(value.number))
        if isinstance(value, T.SigmaCompareExpression):
            return self.compare(value, element, text)
        if isinstance(value, T.SigmaBool):
            return fold(text) == fold(str(value.boolean))
        if isinstance(value, T.SigmaNumber):
            if isinstance(element, str):
                return text in (str(value.number), text_of(value.number))
            return not isinstance(element, bool) and number(text) == number(str(value.number))
        if isinstance(value, T.SigmaString):
            cased = isinstance(value, T.SigmaCasedString)
            return re.fullmatch(string_regexp(value), text if cased else fold(text), re.S) is not None
        raise TypeError(value)

    @staticmethod
    def compare(value, element, text):
        if isinstance(value.number, T.SigmaTimestampPart):
            left, right = part_of(element, value.number.timestamp_part), int(str(value.number.number))
        else:
            left, right = (None if isinstance(element, bool) else number(text)), number(str(value.number))
        if left is None:
            return False
        return {"LT": left < right, "LTE": left <= right, "GT": left > right, "GTE": left >= right}[value.op.name]

    @staticmethod
    def network(value, text):
        net = ipaddress.ip_network(value.cidr, strict=False)
        try:
            other = ipaddress.ip_network(text.split("%")[0] if "/" not in text else text, strict=False)
        except ValueError:
            return False
        if other.version == 6 and other.network_address.ipv4_mapped and other.prefixlen >= 96:
            other = ipaddress.ip_network(f"{other.network_address.ipv4_mapped}/{other.prefixlen - 96}", strict=False)
        return other.version == net.version and other.subnet_of(net)


def parse(text):
    collection = SigmaCollection.from_yaml(text)
    return [(rule, [c.parsed for c in rule.detection.parsed_condition]) for rule in collection.rules]


def matches(trees, record):
    return any(Walker(record).holds(tree) for tree in trees)


def suite():
    """The conformance suite: its verdicts against pySigma's."""
    judged, differ = 0, []
    for path in sorted((ROOT / "testdata/conformance").glob("*.yml")):
        for case in yaml.safe_load(path.read_text())["cases"]:
            text = "title: T\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n" + textwrap.indent(case["detection"], "  ")
            try:
                (_, trees), = parse(text)
            except (SigmaError, ValueError, TypeError) as error:
                differ.append((path.name, case["detection"], f"pySigma: {error}"))
                continue
            for want, records in ((True, case["hits"]), (False, case["misses"])):
                for record in records:
                    judged += 1
                    try:
                        got = matches(trees, json.loads(record))
                    except (TypeError, ValueError, KeyError) as error:
                        got = error
                    if got is not want:
                        differ.append((path.name, case["detection"], f"{record}: pySigma {got}, suite {want}"))
    return judged, differ


def record_in(event):
    def is_record(o):
        return isinstance(o, dict) and "eventName" in o and "eventSource" in o and (
            "eventVersion" in o or str(o["eventSource"]).endswith(".amazonaws.com"))
    if is_record(event):
        return event
    return next((event[k] for k in ("detail", "event") if is_record(event.get(k))), None)


def corpora(events, rules):
    """sigmatrail's hits on events against pySigma's, for rules with an id."""
    loaded = []
    for path in sorted(Path(rules).rglob("*.yml")):
        if not path.name.endswith(".test.yml"):
            loaded += parse(path.read_text())
    judged, differ = 0, []
    for file in sorted(glob.glob(f"{events}/*.ndjson")):
        out = subprocess.run([ROOT / "build/sigmatrail", "scan", "--rules", rules, "-o", "ndjson", "--all", file], capture_output=True, text=True, check=False)
        lines = [line for line in open(file, encoding="utf-8") if line.strip()]
        results = [json.loads(line) for line in out.stdout.splitlines()]
        if len(lines) != len(results):
            differ.append((file, "", f"{len(lines)} events in, {len(results)} out: {out.stderr[-500:]}"))
            continue
        for line, result in zip(lines, results):
            judged += 1
            record = record_in(json.loads(line))
            want = sorted(str(rule.id) for rule, trees in loaded if record and matches(trees, record))
            got = sorted(rule["id"] for rule in result.get("sigma", {}).get("rules", []))
            if want != got:
                differ.append((file, line[:120], f"pySigma {want}, sigmatrail {got}"))
    return judged, len(loaded), differ


def main():
    judged, differ = suite()
    unexpected = [d for d in differ if not expected(d)]
    print(f"conformance suite: {judged} verdicts, {len(differ)} differ, {len(differ) - len(unexpected)} of them as expected")
    if len(sys.argv) == 3:
        judged, rules, more = corpora(*sys.argv[1:])
        print(f"{sys.argv[1]}: {judged} events, {rules} rules, {len(more)} events differ")
        unexpected += more
    for where, what, how in unexpected:
        print(f"\n{where}: {how}\n{what}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
