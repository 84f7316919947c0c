"""Time limits of a decision, in seconds. Each part waits longer than what it calls may take.

API Gateway 29 > the caller's patience 27.5 (1 to connect, then 26.5) > scoring and storing 25.5 > a
branch 21.5, which is two attempts > an attempt 10 > an endpoint's answer 9 (1 to connect, then 8).
tests/unit/scoring/test_time_budgets.py adds them up, with the definition of analisisCredito, the
clients' time-outs and .chalice/config.json.

A cold endpoint holds the request while its container starts (3.5 to 6.9 s measured, and the time
that AWS needs to place it), or answers ModelNotReadyException. So a branch waits for 8 s and asks
once more: with a start of up to 16 s all three models still answer. The request that timed out
keeps its place of the endpoint's concurrency until the container answers, and whoever finds no
place is throttled. An attempt after 11.5 s waits for 1 s only, which is 40 times a warm answer. A
time-out after 17 s is the last, so that a branch of time-outs ends within its 21.5 s.

A throttled endpoint answers others, so a branch asks it again for 32 s. That outlasts the patience:
the caller gets 202, and the state machine continues and stores the decision of three models.
https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html#serverless-endpoints-how-it-works-cold-starts
"""

GATEWAY_SECONDS = 29.0  # API Gateway's own limit of an integration
PATIENCE_SECONDS = 26.5  # StartSyncExecution's read time-out; then the caller gets 202
ENDPOINT_SECONDS = 8.0  # InvokeEndpoint's read time-out
CONNECT_SECONDS = 1.0  # of either client
ATTEMPT_SECONDS = 10  # a model's task: the function's own start, then its endpoint
LAST_ATTEMPT_SECONDS = 11.5  # an attempt that begins later waits for TEST_SECONDS only
LAST_TIMEOUT_SECONDS = 17.0  # a time-out that comes later is the last
LAST_THROTTLED_SECONDS = 32.0  # an attempt that would begin later does not begin
BRANCH_SECONDS = LAST_ATTEMPT_SECONDS + ATTEMPT_SECONDS  # without a throttled endpoint
SAVE_SECONDS = 4  # saveResult's task; it is repeated, which is harmless
# Not a part of the sum: a decision that comes too late for its caller is stored all the same.
MACHINE_SECONDS = 60
# An analysis has no decision by then, and never will: the machine's time, and that of a saveResult
# which goes on when its machine's time is over.
HELD_SECONDS = CONNECT_SECONDS + PATIENCE_SECONDS  # a repeat does not run beside the first request
PENDING_SECONDS = MACHINE_SECONDS + 30 + 30  # the last 30: a late start, and clocks
COLD_START_SECONDS = 20.0  # keepWarm's wait: an endpoint that is silent for less may be starting
# A test of an open circuit, and a late attempt; a warm endpoint answers in 25 ms (docs/serving.md).
TEST_SECONDS = 1.0
PROBE_SECONDS = 2.0  # wait of GET /ready for each endpoint
