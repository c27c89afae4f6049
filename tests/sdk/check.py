"""Checks the simulated Looker with the official Python SDK.

The simulator and the client of this project were written from the same notes,
so a misreading would be in both and no test between them would see it. The SDK
is Looker's own: it knows the operations, their parameters and the types of
their answers from the API document. Here it reads and changes a simulated
instance through every operation the simulator has.

    python3 -m venv target/sdk-venv
    target/sdk-venv/bin/pip install -q -r tests/sdk/requirements.txt
    target/sdk-venv/bin/python tests/sdk/check.py target/debug/lookervault

Prints a line for each check, and at the end how many passed and failed. Ends
with 1 when any failed.
"""

import sys
import time

sys.dont_write_bytecode = True  # the checkout stays clean

from checklist import CHECKS
from instance import Instance

# Each of these adds to the list, in the order they are named here: what changes
# content comes after what reads it, and what looks back on all requests last.
import sessions  # noqa: E402, F401
import content  # noqa: E402, F401
import delivery  # noqa: E402, F401
import boards  # noqa: E402, F401
import people  # noqa: E402, F401
import access  # noqa: E402, F401
import estate  # noqa: E402, F401
import changes  # noqa: E402, F401
import writes  # noqa: E402, F401
import delivery_changes  # noqa: E402, F401
import people_changes  # noqa: E402, F401
import access_changes  # noqa: E402, F401
import appearance_changes  # noqa: E402, F401
import surface  # noqa: E402, F401


def outcome(instance, run):
    """What is wrong, in one line, or None."""
    wrong = []
    try:
        run(instance)
    except Exception as error:  # a check that breaks has failed
        kind = type(error).__name__
        wrong.append(" ".join(f"{kind}: {getattr(error, 'message', error)}".split()))
    return "; ".join(wrong + instance.reader.take_problems()) or None


def main(binary):
    begun = time.monotonic()
    failed = 0
    with Instance(binary) as instance:
        for title, run in CHECKS:
            wrong = outcome(instance, run)
            failed += wrong is not None
            print(f"FAIL  {title}: {wrong}" if wrong else f"ok    {title}", flush=True)
        models = instance.reader.models
    print(f"{models} models of {instance.version} in {time.monotonic() - begun:.1f} s")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} PATH-OF-LOOKERVAULT")
    sys.exit(main(sys.argv[1]))
