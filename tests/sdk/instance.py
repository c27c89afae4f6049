"""A simulated Looker as a process of its own, and the SDK signed in to it."""

import functools
import json
import os
import subprocess
import tempfile
import typing
from pathlib import Path

import looker_sdk
import requests
from looker_sdk import error
from looker_sdk.rtl import serialize
from looker_sdk.version import __version__

import wire

CONTENT = ["--seed", "7", "--dashboards", "130", "--looks", "70", "--folders", "20", "--users", "40"]
CONTENT += ["--groups", "8", "--roles", "7", "--trash-percent", "10"]


class Reader:
    """The SDK's deserialiser, which also holds the JSON against the models."""

    def __init__(self):
        self.models = 0
        self.unknown = set()
        self.problems = {}
        # With every answer it registers a hook again, which empties its caches
        # and makes it several times slower; once is enough.
        serialize.deserialize40(data="[]", structure=typing.Sequence[str])
        serialize.is_sequence = None

    def __call__(self, *, data, structure):
        value = serialize.deserialize40(data=data, structure=structure)
        if structure is error.SDKError:
            return value
        seen = wire.Comparison()
        seen.value(json.loads(data), structure, "answer")
        if wire.count_models(value) != seen.models:
            seen.problems.append(f"{wire.count_models(value)} models read of {seen.models} sent")
        self.models += seen.models
        self.unknown |= seen.unknown
        self.problems.update(dict.fromkeys(seen.problems))
        return value

    def take_problems(self):
        """What was wrong since the last call, each once."""
        problems, self.problems = list(self.problems), {}
        return problems


class Instance:
    """A running simulator; `with` ends it."""

    version = f"looker-sdk {__version__}"

    def __init__(self, binary):
        self.command = [str(Path(binary).resolve()), "sim", "--port", "0", "--json", *CONTENT]
        self.reader = Reader()

    def __enter__(self):
        # A place and an environment without anybody's configuration.
        self.home = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, cwd=self.home.name, env={"HOME": self.home.name}, text=True
        )
        line = self.process.stdout.readline()
        try:
            place = json.loads(line)
        except ValueError:
            self.__exit__()
            raise SystemExit(f"the simulator said {line!r} instead of its address")
        self.url = place["base_url"]
        self.client_id, self.client_secret = place["client_id"], place["client_secret"]
        self.http = requests.Session()
        self.http.trust_env = False
        self.sdk = self.sign_in()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.home.cleanup()

    def sign_in(self, secret=None):
        """An SDK set up by the environment alone."""
        os.environ.update(
            LOOKERSDK_BASE_URL=self.url,
            LOOKERSDK_CLIENT_ID=self.client_id,
            LOOKERSDK_CLIENT_SECRET=secret or self.client_secret,
            LOOKERSDK_VERIFY_SSL="false",
            LOOKERSDK_TIMEOUT="30",
        )
        # It would look up the explanation of each error on a public server.
        error.ErrorDocHelper.parse_and_lookup = lambda self, url: ("", "")
        sdk = looker_sdk.init40(config_file="")
        sdk.transport.session.trust_env = False
        sdk.deserialize = self.reader
        return sdk

    def get(self, path, authorization=None, **params):
        """A bare request, for what the SDK does not show."""
        headers = {"Authorization": authorization} if authorization else {}
        return self.http.get(self.url + path, headers=headers, params=params, timeout=30)

    def requests(self):
        """The simulator's own log of what was asked."""
        return self.get("/_sim/requests").json()

    @property
    def token(self):
        return self.sdk.auth.authenticate({})["Authorization"].split()[1]

    # What is there before anything is changed.

    @functools.cached_property
    def folders(self):
        return self.sdk.all_folders()

    @functools.cached_property
    def dashboards(self):
        return self.sdk.search_dashboards()

    @functools.cached_property
    def looks(self):
        return self.sdk.all_looks()

    @functools.cached_property
    def users(self):
        return self.sdk.all_users()

    @functools.cached_property
    def groups(self):
        return self.sdk.all_groups()

    @functools.cached_property
    def boards(self):
        return self.sdk.all_boards()

    @functools.cached_property
    def plans(self):
        """The enabled schedules of everybody."""
        return self.sdk.all_scheduled_plans(all_users=True)

    @functools.cached_property
    def merged(self):
        """The tiles that show merged results."""
        return [tile for row in self.dashboards for tile in row.dashboard_elements if tile.merge_result_id]

    @functools.cached_property
    def busiest(self):
        """The folder with most dashboards."""
        inside = [row.folder.id for row in self.dashboards]
        return max(sorted(set(inside)), key=inside.count)
