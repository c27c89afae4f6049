"""JSON held against the SDK's models, strictly.

By itself the SDK is easy to please: where it wants text it makes "7" of 7 and
"None" of null, any text is true, and what is missing or misspelt is None. So
the JSON itself is compared with the types the models declare.
"""

import datetime
import enum
import functools
import typing
from collections import abc

from looker_sdk.rtl.model import Model

# What a real instance sends although the API document does not say so.
NULL_ANYWAY = {("FolderBase", "name"), ("Folder", "name")}  # owners without a name

WANTED = {
    str: ("text", lambda value: isinstance(value, str)),
    bool: ("a boolean", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    float: ("a number", lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)),
    datetime.datetime: ("a moment", lambda value: isinstance(value, str)),
}


@functools.lru_cache(maxsize=None)
def members(model):
    """The members of a model by their JSON names, and their types."""
    return {name.rstrip("_"): hint for name, hint in typing.get_type_hints(model).items()}


class Comparison:
    """What one answer holds: its models, what is wrong, unknown members."""

    def __init__(self):
        self.models = 0
        self.problems = []
        self.unknown = set()

    def value(self, value, hint, place):
        """Compares a value with a type."""
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if hint is typing.Any:
            return
        if origin is typing.Union:
            if value is not None or type(None) not in inner:
                self.value(value, inner[0], place)
        elif origin is abc.Sequence:
            self.all(value, list, inner[0], place, "an array")
        elif origin is abc.MutableMapping:
            self.all(value, dict, inner[1], place, "an object")
        elif issubclass(hint, Model):
            self.model(value, hint, place)
        elif issubclass(hint, enum.Enum):
            self.holds(value in [item.value for item in hint], value, place, hint.__name__)
        else:
            wanted, fits = WANTED[hint]
            self.holds(fits(value), value, place, wanted)

    def all(self, value, container, inner, place, wanted):
        if self.holds(isinstance(value, container), value, place, wanted):
            for item in value.values() if container is dict else value:
                self.value(item, inner, f"{place}[]")

    def model(self, value, model, place):
        if not self.holds(isinstance(value, dict), value, place, model.__name__):
            return
        self.models += 1
        for name, item in value.items():
            hint = members(model).get(name)
            if hint is None:
                self.unknown.add(f"{model.__name__}.{name}")
            elif item is not None or (model.__name__, name) not in NULL_ANYWAY:
                self.value(item, hint, f"{model.__name__}.{name}")

    def holds(self, fits, value, place, wanted):
        if not fits:
            self.problems.append(f"{place} is {value!r:.60}, not {wanted}")
        return fits


def count_models(value):
    """The models in what the SDK returned, however deep."""
    if isinstance(value, Model):
        return 1 + sum(map(count_models, vars(value).values()))
    if isinstance(value, dict):
        return sum(map(count_models, value.values()))
    return sum(map(count_models, value)) if isinstance(value, (list, tuple)) else 0
