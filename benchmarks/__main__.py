"""`make bench`: everything that is measured, one table each. `make bench PART=drain` measures one part."""

import sys
from importlib import import_module

PARTS = ("decide", "drain", "number_lists", "publish", "call_log", "webhook")

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        if part not in PARTS:
            sys.exit(f"There is no part “{part}”: name one of {', '.join(PARTS)}.")
        import_module(f"benchmarks.{part}").main()
