"""Run every benchmark: each module beside this one that has a `main()`."""

import importlib
import pkgutil

import benchmarks


def run_all() -> None:
    """Run the modules by name, each under its name as a heading."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__")
    for name in names:
        print(f"\n{name}\n{'-' * len(name)}")
        importlib.import_module(f"benchmarks.{name}").main()
    if not names:
        print("There are no benchmarks yet.")


if __name__ == "__main__":
    run_all()
