"""The list of checks, and the words they are written in."""

import re

from looker_sdk.error import SDKError

CHECKS = []


def check(title):
    """Adds a function of an instance to the list."""

    def add(run):
        CHECKS.append((title, run))
        return run

    return add


def same(have, want, what="it"):
    """Fails unless both are equal."""
    if have != want:
        raise AssertionError(f"{what} is {short(have)}, not {short(want)}")


def holds(truth, what):
    """Fails unless it is true."""
    if not truth:
        raise AssertionError(what)


def short(value):
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text)} characters)"


def ids(rows):
    """The ids of rows, which are text and differ from each other."""
    have = [row.id for row in rows]
    wrong = [id for id in have if not isinstance(id, str)]
    same(wrong, [], "ids that are not text")
    same(len(set(have)), len(have), "number of different ids")
    return set(have)


def refused(status, call, *args, **kwargs):
    """The error of a call that must fail with a status.

    The SDK keeps no status; it is in the address of the error's explanation.
    """
    try:
        answer = call(*args, **kwargs)
    except SDKError as error:
        told = re.search(r"/r/err/4\.0/(\d+)/", error.documentation_url or "")
        same(told and told[1], str(status), f"status in {error.documentation_url!r}")
        return error
    raise AssertionError(f"{call.__name__}{args} answered {short(answer)}, not {status}")


def pages(search, size, **criteria):
    """All rows of a search, page by page until one is not full."""
    rows = []
    while True:
        page = search(limit=size, offset=len(rows), **criteria)
        holds(len(page) <= size, f"a page of {len(page)} rows exceeds its limit {size}")
        rows += page
        if len(page) < size:
            return rows
