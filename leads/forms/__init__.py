"""What is asked of people about leads."""

from leads.forms.assignment import AssignmentRuleForm
from leads.forms.leads import OTHER, AssignForm, DisqualifyForm, LeadForm, ProgressForm, QualifyForm

__all__ = [
    "OTHER",
    "AssignForm",
    "AssignmentRuleForm",
    "DisqualifyForm",
    "LeadForm",
    "ProgressForm",
    "QualifyForm",
]
