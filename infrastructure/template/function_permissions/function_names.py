"""Names of the functions, by what they have in common."""

API = "api_handler"
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")
# Their log groups and their alarm of throttles are in governance.yaml.
ERASING = "eraseClient"  # the API waits for it
GOVERNING = ("anchorEvidence", "watchReviews", ERASING)
ASYNCHRONOUS = (
    "updateData",
    "watchTraining",
    "trainingChanged",
    "watchDrift",
    "createEndpointModel",
    "endpointChanged",
    "packageApproved",
    "keepWarm",
    "anchorEvidence",
    "watchReviews",
)
RETRAINING = ("openSnapshot", "evaluateModel", "promoteModel")
FUNCTIONS = (*MODELS, "saveResult", *ASYNCHRONOUS, ERASING, *RETRAINING)  # all but the API
