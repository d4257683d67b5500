"""Foreign telephones (SIPp, baresip and a small one of our own for what those cannot) call and are
called. One line for each scenario."""

import sys

import forms
import proxied
import scenarios
import secured
import torture
import transports
from harness import Harness

# Each of these has a room of its own, and all of them run at once.
BESIDE = [
    (forms.make_room, forms.SCENARIOS),
    (transports.make_room, transports.SCENARIOS),
    (secured.make_room, secured.SCENARIOS),
    (proxied.make_room, proxied.SCENARIOS),
]

if __name__ == "__main__":
    quick, long = scenarios.ALL
    sys.exit(Harness().run(([*quick, *torture.QUICK], long), BESIDE, only=sys.argv[1:]))
