"""MLflow: a pyfunc model from code, with type hints; `mlflow models serve` serves it.

python -m bench.peer_servers.mlflow_server FOLDER      write the model
"""

import sys
from typing import Any

import mlflow

from bench.peer_servers.pipeline_scoring import CreditService


class CreditScoring(mlflow.pyfunc.PythonModel):
    def load_context(self, context: Any) -> None:
        self._service = CreditService()

    def predict(self, context: Any, model_input: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self._service.decide(one["clientId"], one["application"]) for one in model_input]


if __name__ == "__main__":
    mlflow.pyfunc.save_model(sys.argv[1], python_model=__file__, pip_requirements=[])
else:
    mlflow.models.set_model(CreditScoring())
