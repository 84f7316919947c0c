"""The entry point of SageMaker's scikit-learn image, which is on no package index.

It does what serving.py of aws/sagemaker-scikit-learn-container does outside multi-model mode; all
else that runs is `sagemaker-containers` itself. The script is imported by its name, and its model
is loaded at a worker's first request.
"""

import importlib

import numpy as np  # noqa: F401 - the image's entry point loads it, too, and a start waits for it
from sagemaker_containers.beta.framework import env, transformer, worker

SCRIPT = ("model_fn", "input_fn", "predict_fn", "output_fn")

app = None


def main(environ, start_response):
    global app  # noqa: PLW0603 - as in the image, a worker has one
    if app is None:
        app = _application(env.ServingEnv().module_name)
    return app(environ, start_response)


def _application(name):
    script = importlib.import_module(name)
    model = transformer.Transformer(**{part: getattr(script, part) for part in SCRIPT})
    model.initialize()
    return worker.Worker(transform_fn=model.transform, module_name=name)
