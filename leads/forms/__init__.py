"""What is asked of people about leads."""

from leads.forms.assignment import AssignmentRuleForm
from leads.forms.bulk import (
    BulkDisqualifyForm,
    BulkProgressForm,
    BulkQualifyForm,
    BulkUndoForm,
)
from leads.forms.leads import AssignForm, DisqualifyForm, LeadForm, ProgressForm
from leads.forms.qualify import OTHER, TERMS, QualifyForm

__all__ = [
    "OTHER",
    "TERMS",
    "AssignForm",
    "AssignmentRuleForm",
    "BulkDisqualifyForm",
    "BulkProgressForm",
    "BulkQualifyForm",
    "BulkUndoForm",
    "DisqualifyForm",
    "LeadForm",
    "ProgressForm",
    "QualifyForm",
]
