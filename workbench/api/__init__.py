"""How any record is read and written by programs: the part of the REST API that knows no kind."""

from workbench.api.fields import (
    Country,
    Custom,
    Day,
    Email,
    Listed,
    ListedMany,
    Moment,
    Money,
    Person,
    RecordSerializer,
    Related,
    SmallWhole,
    Strict,
    Text,
    Whole,
    Word,
    YesNo,
    is_id,
    seen,
)
from workbench.api.filters import filters_for
from workbench.api.jobs import JobSerializer, JobViewSet
from workbench.api.merging import MergingViewSet
from workbench.api.views import (
    ApiViewSet,
    ErrorSerializer,
    RecordViewSet,
    SettingViewSet,
    WritingViewSet,
)

__all__ = [
    "ApiViewSet",
    "Country",
    "Custom",
    "Day",
    "Email",
    "ErrorSerializer",
    "JobSerializer",
    "JobViewSet",
    "Listed",
    "ListedMany",
    "MergingViewSet",
    "Moment",
    "Money",
    "Person",
    "RecordSerializer",
    "RecordViewSet",
    "Related",
    "SettingViewSet",
    "SmallWhole",
    "Strict",
    "Text",
    "Whole",
    "Word",
    "WritingViewSet",
    "YesNo",
    "filters_for",
    "is_id",
    "seen",
]
