#!/usr/bin/env python3
"""Compares sigmatrail with pySigma: pySigma parses the rules, and its own condition trees are walked here over the same records.

  pip install pysigma pyyaml
  make build && python3 bench/crosscheck.py [EVENTS RULES]

EVENTS is a folder of *.ndjson, RULES one of Sigma rules; without them only the project's conformance suite and the chains of modifiers are
compared. With them also: which files either rejects, and the verdicts of the rules for CloudTrail on the events. What differs on purpose is
listed in docs/RATIONALE.md, "Where pySigma differs", and in the tables below. The exit status is 1 where anything else differs.
"""
import glob
import ipaddress
import json
import re
import subprocess
import sys
import tempfile
import textwrap
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path

import yaml
from sigma.collection import SigmaCollection
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR, ConditionValueExpression
from sigma.exceptions import SigmaError
from sigma.modifiers import modifier_mapping
import sigma.types as T

ROOT = Path(__file__).resolve().parent.parent

# Where the suite and pySigma part on purpose: file, a part of the detection, why (docs/RATIONALE.md, "Where pySigma differs").
EXPECTED = [
    ("aliases.yml", "", "the short paths of security groups are a table of sigmatrail's"),
    ("base64.yml", "22]", "numbers are encoded by their text"),
    ("cased.yml", "fieldref|cased", "pySigma does not know it"),
    ("conditions.yml", " AND ", "operators in capitals are accepted with a warning"),
    ("contains.yml", "contains: 1", "pySigma refuses numbers where a text is compared"),
    ("endswith.yml", "endswith: 5", "pySigma refuses numbers where a text is compared"),
    ("expand.yml", "", "placeholders need a processing pipeline"),
    ("gte.yml", "9007199254740993", "pySigma rounds big integers"),
    ("integers.yml", "contains: 90071992547409", "pySigma refuses numbers where a text is compared"),
    ("integers.yml", "", "pySigma rounds big integers"),
    ("lte.yml", "1e3", "YAML 1.1 takes it for a text"),
    ("objects.yml", "f: '*'", "pySigma's tree does not tell '*' from an empty contains"),
    ("quantifiers.yml", " AND ", "operators in capitals are accepted with a warning"),
    ("scalars.yml", "007", "YAML 1.1 takes it for octal"),
    ("scalars.yml", "012345678901", "YAML 1.1 takes it for octal"),
    ("scalars.yml", "0x1f", "YAML 1.1 takes it for 31"),
    ("scalars.yml", "1.10", "pySigma takes the number for the text"),
    ("scalars.yml", "1e3", "YAML 1.1 takes it for a text"),
    ("scalars.yml", "2024-01-02", "YAML 1.1 takes it for a date"),
    ("scalars.yml", "22.0", "pySigma takes the number for the text"),
    ("scalars.yml", "No", "YAML 1.1 takes it for false"),
    ("scalars.yml", "yes", "YAML 1.1 takes it for true"),
    ("startswith.yml", "startswith: 1", "pySigma refuses numbers where a text is compared"),
    ("utf16be.yml", "é", "pySigma encodes ASCII alone"),
    ("utf16le.yml", "utf16le: ", "pySigma lacks utf16le"),
]

# Chains of two modifiers that one of the two takes alone.
TEXTUAL, ENCODING, UTF16, DATE = "contains|startswith|endswith", "base64|base64offset|utf16|utf16be|wide|windash", "utf16|utf16be|wide", "minute|hour|day|week|month|year"
PYSIGMA_ONLY = [
    (rf"({TEXTUAL}|re)\|({TEXTUAL})", "two operators: the second hides the first"),
    (rf"({TEXTUAL})\|({UTF16})", "an encoding behind its operator"),
    (r"exists\|(all|neq)", "exists stands alone"),
    (rf"({ENCODING})\|(windash|expand|fieldref)", "what the encoding leaves has no dashes, placeholders or names"),
    (rf"({UTF16})\|({UTF16})", "UTF-16 of UTF-16"),
    (rf"({DATE})\|({DATE})", "two parts of a date"),
    (r"(\w+)\|\1", "twice the same"),
]
SIGMATRAIL_ONLY = [
    (r"expand\|\w+|\w+\|expand", "placeholders stand for numbers, networks and dates too"),
    (r"(all|neq)\|(re|cidr)", "all and neq may stand anywhere"),
    (r"fieldref\|cased", "two fields may be compared exactly"),
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
        if isinstance(value, T.SigmaRegularExpression):
            return any(self.scalar(value, d) for d in [*descendants(record), compact(record)])
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


def check(*args):
    """What sigmatrail says of rules, as a list of findings."""
    out = subprocess.run([ROOT / "build/sigmatrail", "check", "-o", "json", *args], capture_output=True, text=True, check=False)
    return json.loads(out.stdout)


def accepts(chain):
    """Whether pySigma takes a chain of modifiers with any kind of value."""
    for value in ("abc", "5", "true", "10.0.0.0/8"):
        try:
            parse(f"title: T\nlogsource: {{product: aws}}\ndetection:\n  a:\n    f|{chain}: [{value}, {value}]\n  condition: a\n")
            return True
        except (SigmaError, ValueError, TypeError):
            continue
    return False


def chains():
    """Every chain of one and two modifiers: who takes it."""
    names = [m for m in modifier_mapping if m not in ("ignorecase", "multiline", "dotall")]
    all_chains = names + [f"{a}|{b}" for a in names for b in names]
    documents = [f"title: '{c}'\nlevel: low\nlogsource: {{product: aws}}\ndetection:\n  a:\n    f|{c}: [abc, 5]\n  condition: a\n" for c in all_chains]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write("---\n".join(documents))
        file.flush()
        lines = documents[0].count("\n") + 1
        refused = {f["line"] // lines for f in check(file.name) if f["code"] in ("modifier-conflict", "modifier-unknown")}
    differ = []
    for i, chain in enumerate(all_chains):
        theirs, ours = accepts(chain), i not in refused
        if theirs != ours:
            reasons = [why for form, why in (PYSIGMA_ONLY if theirs else SIGMATRAIL_ONLY) if re.fullmatch(form, chain)]
            differ.append((chain, "pySigma" if theirs else "sigmatrail", reasons))
    return len(all_chains), differ


def soundness(rules):
    """Files that one of the two rejects and the other does not. Placeholders are given, as pySigma leaves them to a pipeline."""
    bad = {f["file"] for f in check("--placeholders", ROOT / "testdata/placeholders.yml", rules) if f["severity"] == "error"}
    files, differ = 0, []
    for path in sorted(Path(rules).rglob("*.yml")):
        if path.name.endswith(".test.yml"):
            continue
        files += 1
        try:
            parse(path.read_text())
            theirs = ""
        except (SigmaError, ValueError, TypeError) as error:
            theirs = str(error)
        if bool(theirs) != (str(path) in bad):
            differ.append((str(path), "", f"pySigma: {theirs or 'sound'}, sigmatrail: {'error' if str(path) in bad else 'sound'}"))
    return files, len(bad), differ


def applies(rule):
    product, service = rule.logsource.product or "", rule.logsource.service or ""
    return (product == "aws" and service in ("", "cloudtrail")) or (product == "" and service == "cloudtrail")


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
            loaded += [(rule, trees) for rule, trees in parse(path.read_text()) if applies(rule)]
    loaded = [(rule, trees) for rule, trees in loaded if not any("expand" in str(item) for item in rule.detection.to_dict().values())]
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
    count, apart = chains()
    unexplained = [(chain, "", f"only {who} takes this chain") for chain, who, reasons in apart if not reasons]
    print(f"chains of modifiers: {count}, {len(apart)} differ, {len(apart) - len(unexplained)} of them as expected")
    unexpected += unexplained
    if len(sys.argv) == 3:
        files, bad, more = soundness(sys.argv[2])
        print(f"{sys.argv[2]}: {files} files, {bad} rejected, {len(more)} differ")
        unexpected += more
        judged, rules, more = corpora(*sys.argv[1:])
        print(f"{sys.argv[1]}: {judged} events, {rules} rules, {len(more)} events differ")
        unexpected += more
    for where, what, how in unexpected:
        print(f"\n{where}: {how}\n{what}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
