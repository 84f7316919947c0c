"""The rules of AWS that no service model states, each with the page that states it: one module or
package a service, one row a rule.
"""

from importlib import import_module
from pkgutil import walk_packages

from localcloud.aws_rules.rule import Rule, ShapeRule

_MODULES = [import_module(module.name) for module in walk_packages(__path__, f"{__name__}.")]

RULES: tuple[Rule, ...] = tuple(
    rule for module in _MODULES for rule in getattr(module, "RULES", ())
)
SHAPE_RULES: tuple[ShapeRule, ...] = tuple(
    rule for module in _MODULES for rule in getattr(module, "SHAPE_RULES", ())
)
