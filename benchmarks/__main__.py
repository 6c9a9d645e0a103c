"""`scripts/bench [all|smtp|api|wait|start|memory] [--quick]`: measure, print a Markdown table, exit 1 when a gate is missed."""

import argparse
import sys
import time

from benchmarks import smtp, start, stored, wait
from benchmarks.report import Report

PARTS = {
    "start": (start.measure,),
    "smtp": (smtp.measure,),
    "wait": (wait.measure,),
    "memory": (lambda report, *, quick: stored.measure(report, quick=quick, api=False),),
    "api": (stored.measure,),
    "all": (start.measure, smtp.measure, wait.measure, stored.measure),
}


def main() -> int:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("part", nargs="?", choices=tuple(PARTS), default="all")
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds and 20,000 messages instead of 100,000: under two minutes, only a rough picture"
    )
    options = parser.parse_args()
    began = time.perf_counter()
    report = Report(lambda text: print(text, file=sys.stderr, flush=True))
    for part in PARTS[options.part]:
        part(report, quick=options.quick)
    title = f"`scripts/bench {options.part}{' --quick' if options.quick else ''}`, {time.perf_counter() - began:.0f} s"
    print(report.markdown(title))
    for row in report.failed:
        print(f"gate missed: {row.what}", file=sys.stderr)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
