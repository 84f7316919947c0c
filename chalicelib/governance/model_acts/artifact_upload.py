"""Presigned uploads of artifacts, to the key at which createEndpointModel waits for them."""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from chalicelib.foundation.settings import MODEL_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MEDIA_TYPE = "application/gzip"
UPLOAD_SECONDS = 900


class ArtifactUpload:
    """The model bucket, for one upload at a time."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def presigned(self, model: str, version: str, size: int, sha256: str) -> dict[str, Any]:
        """Return the request that uploads this archive: S3 takes no other size, type or content."""
        checksum = b64encode(bytes.fromhex(sha256)).decode()
        url = self._s3.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": f"{MODEL_PREFIX}{model}/{version}/model.tar.gz",
                "ContentType": MEDIA_TYPE,
                "ContentLength": size,
                "ChecksumSHA256": checksum,
            },
            ExpiresIn=UPLOAD_SECONDS,
        )
        signed = {"Content-Type": MEDIA_TYPE, "Content-Length": str(size)}
        return {
            "method": "PUT",
            "url": url,
            "headers": signed | {"x-amz-checksum-sha256": checksum},
        }
