"""Replaced symbols of queues, streams and the mappings that read them."""

from localcloud.seam import Replaced
from localcloud.services.event_sources import receives, table_streams
from localcloud.services.event_sources.mappings import read_by_ourselves
from localcloud.services.event_sources.queue_readers import QueueReaders
from localcloud.services.event_sources.queues import Queues

_QUEUE, _SQS = "moto.sqs.models:Queue", "moto.sqs.models:SQSBackend"


def replaced(queues: Queues, readers: QueueReaders) -> list[Replaced]:
    return [
        Replaced(
            "moto.awslambda.models:LambdaBackend",
            "create_event_source_mapping",
            "(self, spec)",
            read_by_ourselves(readers.start),
            "functions run inside the writer's request, in Docker, and without retries",
        ),
        Replaced(
            "moto.dynamodb.models.table:StreamShard",
            "add",
            "(self, old, new)",
            table_streams.unread,
            "every record of a stream stays in memory for ever",
        ),
        *_queues(queues),
    ]


def _queues(queues: Queues) -> list[Replaced]:
    return [
        Replaced(
            _QUEUE, "add_message", "(self, message)", queues.added, "messages are kept on disk"
        ),
        Replaced(
            _QUEUE,
            "delete_message",
            "(self, receipt_handle)",
            queues.deleted,
            "messages are kept on disk",
        ),
        Replaced(
            _SQS,
            "receive_message",
            "(self, queue_name, count, wait_seconds_timeout, visibility_timeout, "
            "message_attribute_names)",
            receives.fair,
            "a queue is not fair to its groups, and slow with some hundred messages",
        ),
        Replaced(
            _SQS, "purge_queue", "(self, queue_name)", queues.purged, "messages are kept on disk"
        ),
        Replaced(
            _SQS,
            "change_message_visibility",
            "(self, queue_name, receipt_handle, visibility_timeout)",
            queues.hidden,
            "its 12 hours are counted from the time at which the message was sent",
        ),
    ]
