"""Visavis: signed link in, signed verdict out."""

import os

# onnxruntime reads this once, at its first import; its API call comes too late to stop the first
# upload. Set here because nothing inside the package can be imported before this line has run.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
