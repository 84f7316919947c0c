"""A stand-in for the package of SageMaker's scikit-learn image: see serving.py."""
