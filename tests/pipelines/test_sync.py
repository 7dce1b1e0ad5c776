"""Whole runs under a real Prefect server, against the real mock registry over loopback."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2
import pyarrow.parquet as pq
import pytest
from prefect.client.orchestration import get_client

from connectors.database import open_database
from connectors.errors import RegistryUnreachable
from connectors.locks import acquire, release
from pipelines.cli import Exit
from pipelines.errors import Ending, RunIncomplete, StageFailed
from pipelines.means import open_means
from pipelines.progress import Silence
from pipelines.scope import Kind, Scope, new_run
from pipelines.sync import sync_flow
from tests_pipelines import AS_OF, BIN, PROVINCES  # noqa: F401
