"""The sentence encoder (multilingual-e5-small), shared by the safety screen and by Rasa's side: text in, vectors out.

Knows nothing of either. ``sentences.Encoder`` is what others use; the other modules make what it loads.
"""

import os

# Read by numpy's linear algebra when it is first imported. One message is too small to share between threads: they
# would spend four times the processor time waiting for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
