"""Adds up the test points of a `meson test` log and prints "N passed, N failed" last.

A TAP program counts with each of its points; a program that ends badly without a failed point (a
crash, a time-out, too few points) counts as one failure more; any other program is one point. With
--remarks it prints what the programs tell of their work instead: their lines that begin with '#'.
"""
import json
import re
import sys

POINT = re.compile(r"^(not )?ok\b([^#\n]*)(#\s*skip\b.*)?", re.IGNORECASE | re.MULTILINE)


def remarks(programs):
    for program in programs:
        lines = [line[2:] for line in (program.get("stdout") or "").split("\n") if line.startswith("# ")]
        print(f"{program['name']}: {program['result']}, {program['duration']:.0f} s")
        for line in lines:
            print("    " + line)


def main():
    if sys.argv[1] == "--remarks":
        with open(sys.argv[2], encoding="utf-8") as log:
            return remarks(json.loads(line) for line in log)
    passed = failed = skipped = 0
    try:
        with open(sys.argv[1], encoding="utf-8") as log:
            programs = [json.loads(line) for line in log]
    except OSError as error:
        print(f"no test log: {error}")
        programs = []
    for program in programs:
        points = POINT.findall(program.get("stdout") or "")
        bad = [text.strip() for negation, text, _ in points if negation]
        skips = [text.strip() + " " + skip for negation, text, skip in points if skip and not negation]
        passed += len(points) - len(bad) - len(skips)
        failed += len(bad)
        skipped += len(skips)
        ended_well = program["result"] in ("OK", "SKIP", "EXPECTEDFAIL")
        if not points and ended_well:
            passed += 1
        if not ended_well and not bad:
            bad = [f"ended with {program['result']} (status {program['returncode']})"]
            failed += 1
        for text in bad:
            print(f"FAILED {program['name']}: {text}")
        for text in skips:
            print(f"skipped {program['name']}: {text}")
    if not programs:
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
