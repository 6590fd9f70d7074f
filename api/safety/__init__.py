"""The safety screen: notices danger in a message, before and independent of Rasa."""

import os

# Read by numpy's linear algebra when it is first imported. One message is too small to share between threads: they
# would spend four times the processor time waiting for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
