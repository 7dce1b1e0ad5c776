"""Record linkage: plain functions from tables to tables; no network, no orchestration, no clock."""

from matching.compiled import use_cache_folder

use_cache_folder()
