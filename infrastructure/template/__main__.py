"""Write `.chalice/policy-*.json` and the generated parts of the templates.

make iam-policies
"""

from infrastructure.project import ROOT
from infrastructure.template import function_policies, resources

for path, text in (*function_policies.files(), *resources.templates()):
    path.write_text(text, encoding="utf-8")
    print(path.relative_to(ROOT))
