"""The topic ReentrenamientoNotificaciones: short notices in Spanish, ids only."""

from typing import TYPE_CHECKING, Literal

from chalicelib.foundation.observability import noticed

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

Kind = Literal[
    "started", "nothing new", "busy", "promoted", "deployed", "in service", "failed", "rolled back",
    "rejected", "trained", "training failed", "drift", "already failed", "not answering",
    "waiting", "review overdue",
]  # fmt: skip

SUBJECTS: dict[Kind, str] = {
    "started": "Reentrenamiento iniciado",
    "nothing new": "Sin datos nuevos para reentrenar",
    "busy": "Reentrenamiento en curso",
    "already failed": "Reentrenamiento ya fallido",
    "promoted": "Modelo promovido",
    "deployed": "Modelo en despliegue",
    "in service": "Modelo en servicio",
    "failed": "Despliegue fallido",
    "rolled back": "Despliegue revertido",
    "waiting": "Modelo en espera",
    "not answering": "Modelo que no responde",
    "rejected": "Modelo rechazado",
    "trained": "Entrenamiento terminado",
    "training failed": "Entrenamiento fallido",
    "drift": "Deriva de los datos",
    "review overdue": "Modelo por revalidar",
}


class NotificationTopic:
    def __init__(self, client: "SNSClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish(self, kind: Kind, what: str, detail: str) -> None:
        """Publish a notice. `kind` is also a message attribute, for subscribers that filter."""
        self._client.publish(
            TopicArn=self._arn,
            Subject=SUBJECTS[kind],
            Message=f"{SUBJECTS[kind]}: {what}\n{detail}",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
        )
        noticed(kind, what)
