"""`make bench`: everything that is measured, one table each."""

from benchmarks import decide

if __name__ == "__main__":
    decide.main()
