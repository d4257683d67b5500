"""Foreign telephones (SIPp, baresip and a small one of our own for what those cannot) call and are
called. One line for each scenario."""

import sys

import scenarios
from harness import Harness

if __name__ == "__main__":
    sys.exit(Harness().run(scenarios.ALL, only=sys.argv[1:]))
