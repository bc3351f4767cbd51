"""The peers of benchmarks/labels.py: the fastest ways that four programs document to print a sheet of labels."""
