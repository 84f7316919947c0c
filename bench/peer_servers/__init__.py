"""A peer a module, as its user would write it: it runs in an environment of its own, and imports
its library, the pipelines' scoring beside it, and nothing of the bank.
"""
