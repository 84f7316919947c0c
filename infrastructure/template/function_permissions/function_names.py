"""Names of the functions, by what they have in common."""

API = "api_handler"
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")
# Their log groups and their alarm of throttles are in governance.yaml.
ERASING = "eraseClient"  # the API waits for it
BATCHES = ("indexBatch", "decideChunk", "closeBatch")  # steps of lotesCredito
PUBLISHING, DELIVERING = "publishEvents", "deliverEvents"  # a stream and S3 invoke it; a queue
GOVERNING = ("anchorEvidence", "watchReviews", ERASING, *BATCHES, PUBLISHING, DELIVERING)
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
    PUBLISHING,
)
RETRAINING = ("openSnapshot", "evaluateModel", "promoteModel")
# All but the API.
FUNCTIONS = (*MODELS, "saveResult", *ASYNCHRONOUS, ERASING, *RETRAINING, *BATCHES, DELIVERING)
