"""What this program tells about itself while it runs: counts and timings, and which call a log line is about."""
