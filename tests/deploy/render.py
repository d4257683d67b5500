"""Writes what the chart makes of a large installation into a folder, one file an object, for other judges."""

import pathlib
import sys

import yaml

from charts import LARGE, rendered

for number, made in enumerate(rendered(LARGE)):
    if not made["apiVersion"].startswith("monitoring.coreos.com/"):
        file = pathlib.Path(sys.argv[1]) / f"{number:02}-{made['kind'].lower()}.yaml"
        file.write_text(yaml.safe_dump(made))
