"""The pages that every kind of record has: a list, a record, a form, an operation."""

from workbench.views.asked import Tab
from workbench.views.bulk import BulkView, JobUndo
from workbench.views.cell import CellPage
from workbench.views.detail import RecordView
from workbench.views.field import FieldPage
from workbench.views.filter import FilterPage
from workbench.views.history import HistoryView
from workbench.views.jobs import JobCancel, JobDetail, JobList, JobResume
from workbench.views.list import ListView
from workbench.views.lookup import LookupView
from workbench.views.notices import (
    NoticeBell,
    NoticeList,
    NoticeMark,
    NoticeOpen,
    NoticePanel,
    NoticeReadAll,
)
from workbench.views.operation import DeleteView, OperationView, RestoreView
from workbench.views.record import CreateView, EditView, RecordPage
from workbench.views.related import RelatedListView, card_of
from workbench.views.saved_views import (
    SavedViewBegin,
    SavedViewCreate,
    SavedViewDelete,
    SavedViewEdit,
    SavedViewPin,
    SavedViewSave,
)
from workbench.views.selection import ASSIGN, DELETE, FIELD, MERGE, TAG, TASK, ForSelected
from workbench.views.stop import NoticeStop
from workbench.views.tags import TagOptions

__all__ = [
    "ASSIGN",
    "DELETE",
    "FIELD",
    "MERGE",
    "TAG",
    "TASK",
    "BulkView",
    "CellPage",
    "CreateView",
    "DeleteView",
    "EditView",
    "FieldPage",
    "FilterPage",
    "ForSelected",
    "HistoryView",
    "JobCancel",
    "JobDetail",
    "JobList",
    "JobResume",
    "JobUndo",
    "ListView",
    "LookupView",
    "NoticeBell",
    "NoticeList",
    "NoticeMark",
    "NoticeOpen",
    "NoticePanel",
    "NoticeReadAll",
    "NoticeStop",
    "OperationView",
    "RecordPage",
    "RecordView",
    "RelatedListView",
    "RestoreView",
    "SavedViewBegin",
    "SavedViewCreate",
    "SavedViewDelete",
    "SavedViewEdit",
    "SavedViewPin",
    "SavedViewSave",
    "Tab",
    "TagOptions",
    "card_of",
]
