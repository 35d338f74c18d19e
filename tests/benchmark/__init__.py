"""What the models, the pipeline and the running service cost, measured: `python -m tests.benchmark`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The site in the benchmark signs its links with the published client, which is not installed here.
sys.path.append(str(ROOT / "sdk" / "python"))
