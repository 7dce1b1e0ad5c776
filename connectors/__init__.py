"""Everything outside the process: databases, files, the registry as a service and as an extract."""
