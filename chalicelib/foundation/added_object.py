"""Objects of S3 that are added once and never changed."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
THERE_ALREADY = ("PreconditionFailed", "ConditionalRequestConflict")


def add_object(s3: "S3Client", bucket: str, key: str, body: bytes) -> bool:
    """Write an object unless it is there. Return whether this call did: of two at once, one does.

    Raises ClientError.
    """
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in THERE_ALREADY:
            raise
        return False
    return True
