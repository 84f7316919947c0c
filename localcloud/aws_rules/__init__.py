"""The rules of AWS that no service model states, each with the page that states it: one module a
service, one row a rule.
"""

from importlib import import_module
from pkgutil import iter_modules

from localcloud.aws_rules.rule import Rule, ShapeRule

_MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]

RULES: tuple[Rule, ...] = tuple(
    rule for module in _MODULES for rule in getattr(module, "RULES", ())
)
SHAPE_RULES: tuple[ShapeRule, ...] = tuple(
    rule for module in _MODULES for rule in getattr(module, "SHAPE_RULES", ())
)
