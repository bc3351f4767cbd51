"""What `benchmarks/scans.py` measures the service against, and the register that all of them serve."""
