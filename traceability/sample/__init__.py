"""The sample register: real recognitions, indications and counts with their sources, and batches that are marked as illustrative.

GTINs of the illustrative products lie under 952, GS1's prefix for demonstrations; no real product bears them.
"""

from traceability.sample.load import SampleKeys, is_loaded, load_sample

__all__ = ["SampleKeys", "is_loaded", "load_sample"]
