"""Image and environment of AWS's scikit-learn container.

The registries are those of the `sagemaker` SDK 2.257.7.
"""

from chalicelib.foundation.errors import AppVengersError

REGISTRIES = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "ca-west-1": "190319476487",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}

# With these, AWS's serving code (sagemaker-containers, in the scikit-learn image) writes and
# fetches nothing: the user of a serverless container may do neither. If SAGEMAKER_PROGRAM were set
# for the container, the code would be copied and installed with pip. So gunicorn sets it for its
# workers, which import the code from the artifact. docs/decisions/0006 has the measurements.
SERVING = {
    "GUNICORN_CMD_ARGS": "--env=SAGEMAKER_PROGRAM=inference.py",
    "PYTHONPATH": "/opt/ml/model/code",
    "SAGEMAKER_USE_NGINX": "false",  # its configuration would be written to /etc
    "SAGEMAKER_MODEL_SERVER_WORKERS": "1",  # another loads the model while its first caller waits
}


class NoContainer(AppVengersError):
    """AWS has no scikit-learn container in this region."""


def image_uri(image: str, region: str) -> str:
    """Return the URI of `[sagemaker] image` in the region's registry. Raises NoContainer."""
    if region not in REGISTRIES:
        raise NoContainer(f"AWS has no scikit-learn container in {region}: use another region.")
    host = f"{REGISTRIES[region]}.dkr.ecr.{region}.amazonaws.com"
    return f"{host}/{image}"
