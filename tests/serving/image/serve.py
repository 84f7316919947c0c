"""The image's command `serve`, outside multi-model mode."""

from sagemaker_containers.beta.framework import env, server

server.start(env.ServingEnv().framework_module)
