"""The file that is sent, and how it is read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from imports.queries import kinds_for
from workbench.forms import PageForm, Section

ENCODINGS = [
    ("", gettext_lazy("Found out")),
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp1252", gettext_lazy("Windows-1252")),
    ("iso8859-15", "ISO 8859-15"),
    ("cp1250", gettext_lazy("Windows-1250")),
    ("cp1251", gettext_lazy("Windows-1251")),
]
DELIMITERS = [
    ("", gettext_lazy("Found out")),
    (",", gettext_lazy("Comma")),
    (";", gettext_lazy("Semicolon")),
    ("\t", gettext_lazy("Tab")),
    ("|", gettext_lazy("Bar")),
]


class UploadForm(PageForm):
    """A file, what its rows are, and where its table begins."""

    sections = [Section("", ["kind", "file", "header"])]
    kind = forms.ChoiceField(label=gettext_lazy("What the rows are"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV, TSV or XLSX, at most 100 MB and 1,000,000 rows."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        error_messages={"required": gettext_lazy("Choose a file")},
    )
    header = forms.IntegerField(
        label=gettext_lazy("Line of the headers"),
        required=False,
        min_value=0,
        max_value=1_000,
        help_text=gettext_lazy(
            "Leave it blank unless the table begins further down. 0 for a file without headers."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = kinds_for(self.user)


class ReadingForm(PageForm):
    """How a file is written, where that was not found out rightly."""

    sections = [Section("", ["encoding", "delimiter", "header"])]
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=ENCODINGS, required=False)
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Between two cells"), choices=DELIMITERS, required=False
    )
    header = forms.IntegerField(
        label=gettext_lazy("Line of the headers"), required=False, min_value=0, max_value=1_000
    )

    def clean_delimiter(self) -> str:
        # The field strips what it is sent, and a tab is a blank.
        sent = self.data.get("delimiter", "")
        if sent not in dict(DELIMITERS):
            raise forms.ValidationError(_("Choose what stands between two cells."))
        return str(sent)
