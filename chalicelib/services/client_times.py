"""Time-outs and repeats of the clients of AWS, by who waits for them."""

from botocore.config import Config

from chalicelib.scoring import time_budgets

QUICK = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3}
)
# Those who ask have little time; a switch that can't be read is on, and old policies count.
SWITCH = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 2})
# The state machine retries a branch, so the client does not: see time_budgets.py.
SCORING = Config(
    connect_timeout=time_budgets.CONNECT_SECONDS,
    read_timeout=time_budgets.ENDPOINT_SECONDS,
    retries={"total_max_attempts": 1},
)
ANALYSIS = Config(
    connect_timeout=time_budgets.CONNECT_SECONDS,
    read_timeout=time_budgets.PATIENCE_SECONDS,
    retries={"total_max_attempts": 1},
)
TESTING = Config(
    connect_timeout=time_budgets.CONNECT_SECONDS,
    read_timeout=time_budgets.TEST_SECONDS,
    retries={"total_max_attempts": 1},
)
PROBING = Config(
    connect_timeout=time_budgets.CONNECT_SECONDS,
    read_timeout=time_budgets.PROBE_SECONDS,
    retries={"total_max_attempts": 1},
)
WARMING = Config(  # nobody waits for it but its function; a call each, in threads
    connect_timeout=time_budgets.CONNECT_SECONDS,
    read_timeout=time_budgets.COLD_START_SECONDS,
    retries={"total_max_attempts": 1},
    max_pool_connections=60,
)
ERASING = Config(  # API Gateway waits for 29 seconds
    connect_timeout=2, read_timeout=25, retries={"total_max_attempts": 1}
)
BATCHES = Config(  # version 4 signs the headers of what is put at a presigned address
    connect_timeout=2,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="s3v4",
    # The region's own host: a redirect from the global one would break the signature.
    s3={"addressing_style": "virtual"},
    max_pool_connections=20,
)
ARTIFACTS = Config(
    connect_timeout=2, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3}
)
