"""``python -m bench.screening [--quick] [--markdown] [--json] [--wrong]``: who answers a call, told right and told wrong."""

import argparse
import sys
import time

from bench.screening.cases import cases
from bench.screening.chain import run
from bench.screening.report import as_json, as_text


def main() -> None:
    """Runs the set and prints its tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.screening", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of it, on clean lines")
    parser.add_argument("--markdown", action="store_true", help="the tables in Markdown")
    parser.add_argument("--json", action="store_true", help="one JSON object instead")
    parser.add_argument("--wrong", action="store_true", help="also list the cases that went wrong")
    options = parser.parse_args()
    began = time.monotonic()
    outcomes = [run(case) for case in cases(quick=options.quick)]
    if options.json:
        print(as_json(outcomes))
        return
    print(as_text(outcomes, markdown=options.markdown))
    if options.wrong:
        for one in outcomes:
            if one.verdict != one.case.label:
                case = one.case
                print(f"{case.half}, {case.language}, {case.line}: {case.label} taken for {one.verdict}: {one.text!r}")
    print(f"{len(outcomes)} cases in {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
