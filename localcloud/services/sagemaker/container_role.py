"""Uses of a role by SageMaker itself, by its documentation: pull the image, write a log and
publish metrics. The embedded cloud only records them.
"""

from localcloud.iam.authorization import Authorization

_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")


def note_container(authorization: Authorization, image: str, logs: str, region: str) -> None:
    """Record the uses of a container. `logs` is TrainingJobs or Endpoints/<name>, as in the log
    group's name.
    """
    registry, _, name = image.partition("/")
    account = registry.partition(".")[0]
    repository = f"arn:aws:ecr:{region}:{account}:repository/{name.partition(':')[0]}"
    authorization.note("ecr:GetAuthorizationToken", "*")
    for action in _PULL:
        authorization.note(action, repository)
    group = f"arn:aws:logs:{region}:{authorization.account}:log-group:/aws/sagemaker/{logs}"
    for resource in (group, f"{group}:*"):  # AWS's denials name either
        authorization.note("logs:CreateLogGroup", resource)
        authorization.note("logs:DescribeLogStreams", resource)
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        authorization.note(action, f"{group}:log-stream:any")
    namespace = {"cloudwatch:namespace": f"/aws/sagemaker/{logs.partition('/')[0]}"}
    authorization.note("cloudwatch:PutMetricData", "*", **namespace)
