"""Replaced symbols of the services whose writes are kept."""

from pathlib import Path

from localcloud.kept_state.durability import Kept
from localcloud.kept_state.sqlite.disk import Disk
from localcloud.seam import Replaced
from localcloud.services.storage import (
    attribute_values,
    recorded,
    table_reads,
    unstored,
    write_through,
)
from localcloud.services.storage.objects import replaced as objects_
from localcloud.services.storage.objects.object_writes import ObjectEvents

_SAGEMAKER = "moto.sagemaker.responses:SageMakerResponse"
_TABLE = "moto.dynamodb.models.table:Table"


def replaced(kept: Kept, object_events: ObjectEvents, bodies: Path, disk: Disk) -> list[Replaced]:
    return [
        Replaced(
            "moto.stepfunctions.responses:StepFunctionResponse",
            "start_execution",
            "(self)",
            write_through.start_execution(kept),
            "nothing is started that can't be kept",
        ),
        *objects_.replaced(kept, object_events, bodies, disk),
        Replaced(
            "moto.core.responses:BaseResponse",
            "call_action",
            "(self)",
            unstored.answered_as_a_fault,
            "what can't be stored is answered in AWS's own words",
        ),
        Replaced(
            "moto.dynamodb.responses:DynamoHandler",
            "call_action",
            "(self)",
            write_through.dynamodb(kept),
            "items are kept on disk; a condition and its write are one step",
        ),
        Replaced(
            "moto.dynamodb.responses:DynamoHandler",
            "dynamodb_backend",
            "property",
            write_through.staged_or_real,
            "a write changes copies, until they are on disk",
        ),
        Replaced(
            _TABLE,
            "__init__",
            "(self, table_name, account_id, region, schema, attr, throughput, billing_mode, "
            "indexes, global_indexes, streams, sse_specification, tags, "
            "deletion_protection_enabled, warm_throughput)",
            table_reads.on_disk(kept),
            "all items of all tables are in memory",
        ),
        Replaced(
            "moto.dynamodb.models:DynamoDBBackend",
            "delete_table",
            "(self, name)",
            table_reads.without_rows(kept),
            "items are kept on disk, and go with their table",
        ),
        Replaced(_TABLE, "__len__", "(self)", table_reads.counted, "every item is looked at"),
        Replaced(_TABLE, "all_items", "(self)", table_reads.in_order, "they are sorted each time"),
        Replaced(
            _TABLE,
            "query",
            "(self, hash_key, range_comparison, range_objs, limit, exclusive_start_key, "
            "scan_index_forward, projection_expressions, index_name, consistent_read, "
            "filter_expression, hash_key_conditions, range_key_conditions, filter_kwargs)",
            table_reads.by_page(kept.index_lag),
            "every item of the table is looked at for those of one hash key",
        ),
        Replaced(
            _TABLE,
            "scan",
            "(self, filters, limit, exclusive_start_key, filter_expression, index_name, "
            "consistent_read, projection_expression, segments)",
            table_reads.scan_by_page,
            "every item of the table is looked at and sorted for each page",
        ),
        Replaced(
            "moto.dynamodb.models.dynamo_type:Item",
            "project",
            "(self, projection_expressions)",
            table_reads.of_whole_attributes,
            "the whole item is converted once for each attribute that is asked for",
        ),
        Replaced(
            "moto.core.serialize:BaseJSONSerializer",
            "_serialize_type_structure",
            "(self, serialized, value, shape, key)",
            attribute_values.written_by_their_type,
            "each of ten types is looked up in each attribute value: most of a query's time",
        ),
        Replaced(
            "moto.dynamodb.models.utilities",
            "dynamo_to_dict",
            "(obj)",
            attribute_values.as_they_were_read,
            "each part of an item becomes an object, and is taken apart again for the answer",
        ),
        Replaced(
            _SAGEMAKER,
            "call_action",
            "(self)",
            recorded.sagemaker(kept),
            "models, endpoints and jobs are kept on disk",
        ),
        Replaced(
            "moto.sns.responses:SNSResponse",
            "call_action",
            "(self)",
            recorded.sns(kept),
            "subscriptions are kept on disk",
        ),
        Replaced(
            "moto.ssm.responses:SimpleSystemManagerResponse",
            "call_action",
            "(self)",
            recorded.ssm(kept),
            "parameters are kept on disk, review-only among them",
        ),
    ]
