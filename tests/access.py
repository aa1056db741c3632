"""Who reaches what: every address of the product, with what each kind of person gets there.

`tests/test_access.py` makes its tests from this table, and fails when an address is missing here.
People: anonymous; rep, who owns the records asked for; rep2, a colleague of the same team; the
manager of that team; outsider, a rep of another team; admin.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PEOPLE = ("anonymous", "rep", "rep2", "manager", "outsider", "admin")

# What an answer may be. "done" is any answer to somebody who may: what it says, other tests ask.
DONE, SIGN_IN, NO_TOKEN, FORBIDDEN, NOT_FOUND, NOT_ALLOWED = (
    "done",
    "sign in",
    "no token",
    "forbidden",
    "not found",
    "not allowed",
)
STATUSES = {
    DONE: {200, 201, 202, 204, 302, 400, 409, 412, 422},
    SIGN_IN: {302},
    NO_TOKEN: {401},
    FORBIDDEN: {403},
    NOT_FOUND: {404},
    NOT_ALLOWED: {405},
}
Row = dict[str, str]


def row(anonymous: str, rep: str, rep2: str, manager: str, outsider: str, admin: str) -> Row:
    return dict(zip(PEOPLE, (anonymous, rep, rep2, manager, outsider, admin), strict=True))


# Pages
OPEN = row(DONE, DONE, DONE, DONE, DONE, DONE)
SIGNED_IN = row(SIGN_IN, DONE, DONE, DONE, DONE, DONE)
NO_POST = row(SIGN_IN, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED)
SEEN = row(SIGN_IN, DONE, DONE, DONE, NOT_FOUND, DONE)
# Asked for with a method that it has not, a page of a record may say so before or after it looks.
SEEN_ONLY = row(SIGN_IN, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED, "hidden", NOT_ALLOWED)
OWNED = row(SIGN_IN, DONE, FORBIDDEN, DONE, NOT_FOUND, DONE)
OWNED_ONLY_POST = row(SIGN_IN, NOT_ALLOWED, FORBIDDEN, NOT_ALLOWED, NOT_FOUND, NOT_ALLOWED)
STAFF = row(SIGN_IN, "staff only", "staff only", "staff only", "staff only", DONE)
MINE = row(SIGN_IN, DONE, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND)
MINE_ONLY = row(SIGN_IN, NOT_ALLOWED, *["hidden"] * 4)
# What belongs to rep and is looked after by the manager of the team
OF_MY_TEAM = row(SIGN_IN, DONE, NOT_FOUND, DONE, NOT_FOUND, DONE)
# What rep has shared with the team
SHARED_WITH_MY_TEAM = row(SIGN_IN, DONE, DONE, DONE, NOT_FOUND, NOT_FOUND)
OF_MY_TEAM_TO_SHAPE = row(SIGN_IN, DONE, FORBIDDEN, DONE, NOT_FOUND, NOT_FOUND)
OF_MY_TEAM_ONLY = row(SIGN_IN, NOT_ALLOWED, "hidden", NOT_ALLOWED, "hidden", NOT_ALLOWED)
STATUSES["hidden"] = {404, 405}
STATUSES["turned away"] = {403, 405}
STATUSES["staff only"] = {302, 403}

# For those whose role reaches all that comes in, or all rules
INBOX = row(SIGN_IN, FORBIDDEN, FORBIDDEN, DONE, FORBIDDEN, DONE)
INBOX_ONLY = row(SIGN_IN, "turned away", "turned away", NOT_ALLOWED, "turned away", NOT_ALLOWED)

# What rep and the team shall win: known in the team, set by its manager
TARGETS = row(SIGN_IN, FORBIDDEN, FORBIDDEN, DONE, NOT_FOUND, DONE)

# API
API_LIST = row(NO_TOKEN, DONE, DONE, DONE, DONE, DONE)
API_NO = row(NO_TOKEN, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED)
API_SEEN = row(NO_TOKEN, DONE, DONE, DONE, NOT_FOUND, DONE)
API_MINE = row(NO_TOKEN, DONE, *[NOT_FOUND] * 4)
# What shapes the business: for those whose role says so for all records.
API_FOR_ALL = row(NO_TOKEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, DONE)
# What managers shape.
API_RULES = row(NO_TOKEN, FORBIDDEN, FORBIDDEN, DONE, FORBIDDEN, DONE)
API_OWNED = row(NO_TOKEN, DONE, FORBIDDEN, DONE, NOT_FOUND, DONE)
# What rep has shared with the team
API_OF_MY_TEAM = row(NO_TOKEN, DONE, DONE, DONE, NOT_FOUND, NOT_FOUND)
API_OF_MY_TEAM_TO_SHAPE = row(NO_TOKEN, DONE, FORBIDDEN, DONE, NOT_FOUND, NOT_FOUND)


AN_EMAIL: dict[str, object] = {"to": ["a@acme.example"], "subject": "Hi", "text": "Hello"}

METHODS = ("get", "head", "post", "put", "patch", "delete")
# To a method that an address has not, whoever may look there is told so; the others are told it, or
# what they are told when they look, whichever is asked first.
NO_SUCH_METHOD = {
    DONE: NOT_ALLOWED,
    FORBIDDEN: "turned away",
    NOT_FOUND: "hidden",
}


@dataclass(frozen=True)
class Access:
    """What a method at one address gives to whom.

    GET and POST are said for every address, PATCH and DELETE where the API has them. HEAD is as
    GET, and what is not said is a method that the address has not; `other` is what that gives where
    it is not as usual. `on` names the record of
    `tests/test_access.py` that is asked for; `body` is what is sent.
    """

    get: Row
    post: Row
    patch: Row | None = None
    delete: Row | None = None
    other: Row | None = None
    on: str = ""
    body: dict[str, object] = field(default_factory=dict)

    def knows(self, method: str) -> bool:
        """Say whether the address has this method."""
        return method in ("get", "head") or getattr(self, method, None) is not None

    def of(self, method: str) -> Row:
        """Return what `method` gives to each person."""
        if method != "head" and self.knows(method):
            return getattr(self, method)  # type: ignore[no-any-return]
        if method == "head":
            return self.get
        return self.other or {
            person: NO_SUCH_METHOD.get(said, said) for person, said in self.get.items()
        }


def api_records(patch: Row = API_OWNED, **change: object) -> dict[str, Access]:
    return {
        "list": Access(API_LIST, API_LIST),
        "detail": Access(API_SEEN, API_NO, patch, API_OWNED, body=change),
    }


def room(name: str, edit: Row = OWNED) -> dict[str, Access]:
    """Return what every room of records has."""
    # What is given back is named in the body: without it there is nothing, for whoever may look.
    give_back = {person: NOT_FOUND if said == DONE else said for person, said in edit.items()}
    return {
        f"{name}:history": Access(SEEN, give_back),
        f"{name}:list": Access(SIGNED_IN, SIGNED_IN),
        f"{name}:create": Access(SIGNED_IN, SIGNED_IN),
        f"{name}:detail": Access(SEEN, SEEN_ONLY),
        f"{name}:edit": Access(edit, edit),
        f"{name}:assign": Access(OWNED, OWNED),
        f"{name}:delete": Access(OWNED, OWNED),
        f"{name}:restore": Access(OWNED, OWNED, on=f"binned {name}"),
        f"{name}:bulk": Access(SIGNED_IN, SIGNED_IN),
    }


ACCESS: dict[str, Access] = {
    # Before anybody has signed in
    "healthz": Access(OPEN, row(*[NOT_ALLOWED] * 6)),
    "readyz": Access(OPEN, row(*[NOT_ALLOWED] * 6)),
    "account_login": Access(OPEN, OPEN),
    "account_logout": Access(SIGNED_IN, SIGNED_IN, other=row(*[NOT_ALLOWED] * 6)),
    # Strangers and their programs; `tests/intake` asks what they get
    "intake:form": Access(OPEN, OPEN),
    "intake:thanks": Access(OPEN, row(*[NOT_ALLOWED] * 6)),
    "intake:door": Access(row(*[NOT_ALLOWED] * 6), OPEN),
    "intake:list": Access(INBOX, INBOX_ONLY),
    "intake:detail": Access(INBOX, INBOX),
    "intake:discard": Access(INBOX_ONLY, INBOX),
    "intake:retry": Access(INBOX_ONLY, INBOX),
    # Everybody's pages
    "nav-counts": Access(SIGNED_IN, NO_POST),
    "home": Access(SIGNED_IN, NO_POST),
    "day": Access(SIGNED_IN, NO_POST),
    "notices:list": Access(SIGNED_IN, NO_POST),
    "notices:panel": Access(SIGNED_IN, NO_POST),
    "notices:bell": Access(SIGNED_IN, NO_POST),
    "notices:read-all": Access(NO_POST, SIGNED_IN),
    "notices:open": Access(NO_POST, MINE, on="notice"),
    "notices:mark": Access(NO_POST, MINE, on="notice"),
    "notices:stop": Access(row(*[NOT_FOUND] * 6), row(*[NOT_FOUND] * 6)),
    "session": Access(OPEN, OPEN),
    "search": Access(SIGNED_IN, NO_POST),
    "palette": Access(SIGNED_IN, NO_POST),
    "palette-opened": Access(NO_POST, SIGNED_IN),
    "lead-or-opportunity": Access(SIGNED_IN, NO_POST),
    "reports:overview": Access(SIGNED_IN, NO_POST),
    "reports:report": Access(SIGNED_IN, NO_POST),
    "dashboards:arrange": Access(SIGNED_IN, NO_POST),
    "dashboards:create": Access(SIGNED_IN, SIGNED_IN),
    "dashboards:edit": Access(OF_MY_TEAM_TO_SHAPE, OF_MY_TEAM_TO_SHAPE, on="dashboard"),
    "dashboards:delete": Access(OF_MY_TEAM_TO_SHAPE, OF_MY_TEAM_TO_SHAPE, on="dashboard"),
    "dashboards:save": Access(NO_POST, OF_MY_TEAM_TO_SHAPE, on="dashboard"),
    "dashboards:pin": Access(NO_POST, SHARED_WITH_MY_TEAM, on="dashboard"),
    "dashboards:begin": Access(NO_POST, SHARED_WITH_MY_TEAM, on="dashboard"),
    "targets:list": Access(SIGNED_IN, NO_POST),
    "targets:person": Access(TARGETS, TARGETS, on="users"),
    "targets:team": Access(TARGETS, TARGETS, on="teams"),
    "figures": Access(SIGNED_IN, NO_POST),
    "workbench:cell": Access(SEEN, SEEN, on="accounts"),
    "workbench:field": Access(SEEN, SEEN, on="accounts"),
    "workbench:filter": Access(SIGNED_IN, SIGNED_IN),
    "workbench:lookup": Access(SIGNED_IN, NO_POST),
    "workbench:tags": Access(SIGNED_IN, NO_POST),
    "jobs:list": Access(SIGNED_IN, NO_POST),
    "jobs:detail": Access(OF_MY_TEAM, OF_MY_TEAM_ONLY),
    "jobs:cancel": Access(OF_MY_TEAM_ONLY, OF_MY_TEAM),
    "jobs:resume": Access(OF_MY_TEAM_ONLY, OF_MY_TEAM),
    "jobs:undo": Access(OF_MY_TEAM, OF_MY_TEAM),
    "handover:create": Access(SIGNED_IN, SIGNED_IN),
    "handover:undo": Access(OF_MY_TEAM, OF_MY_TEAM, on="jobs"),
    "imports:list": Access(SIGNED_IN, NO_POST),
    "imports:create": Access(SIGNED_IN, SIGNED_IN),
    "imports:detail": Access(MINE, MINE_ONLY, on="import"),
    "imports:columns": Access(MINE, MINE, on="import"),
    "imports:reading": Access(MINE, MINE, on="import"),
    "imports:rejected": Access(MINE, MINE_ONLY, on="import"),
    "imports:undo": Access(MINE, MINE, on="import"),
    **{
        f"imports:{change}": Access(MINE_ONLY, MINE, on="import")
        for change in ("check", "run", "cancel", "resume", "delete")
    },
    "views:create": Access(SIGNED_IN, SIGNED_IN),
    "views:edit": Access(OF_MY_TEAM_TO_SHAPE, OF_MY_TEAM_TO_SHAPE, on="saved view"),
    "views:delete": Access(OF_MY_TEAM_TO_SHAPE, OF_MY_TEAM_TO_SHAPE, on="saved view"),
    "views:save": Access(NO_POST, OF_MY_TEAM_TO_SHAPE, on="saved view"),
    "views:pin": Access(NO_POST, SHARED_WITH_MY_TEAM, on="saved view"),
    "views:begin": Access(NO_POST, SHARED_WITH_MY_TEAM, on="saved view"),
    "users:profile": Access(SIGNED_IN, SIGNED_IN),
    "users:region": Access(SIGNED_IN, SIGNED_IN),
    "users:notices": Access(SIGNED_IN, SIGNED_IN),
    "users:session-end": Access(NO_POST, row(SIGN_IN, *[NOT_FOUND] * 5)),
    "users:theme": Access(NO_POST, SIGNED_IN),
    "users:calendar-open": Access(NO_POST, SIGNED_IN),
    "users:calendar-close": Access(NO_POST, SIGNED_IN),
    "users:token-create": Access(NO_POST, SIGNED_IN),
    "users:token-revoke": Access(NO_POST, MINE),
    "duplicates:list": Access(SIGNED_IN, NO_POST),
    "duplicates:search": Access(NO_POST, SIGNED_IN),
    "duplicates:dismiss": Access(NO_POST, SEEN, on="pair"),
    "duplicates:restore": Access(NO_POST, SEEN, on="pair"),
    "duplicates:hints": Access(SIGNED_IN, NO_POST),
    **{
        f"duplicates:look-{kind}": Access(SIGNED_IN, SIGNED_IN)
        for kind in ("lead", "account", "contact")
    },
    "duplicates:look-lead-edit": Access(OWNED, OWNED, on="leads"),
    "duplicates:look-account-edit": Access(SEEN, SEEN, on="accounts"),
    "duplicates:look-contact-edit": Access(SEEN, SEEN, on="contacts"),
    "duplicates:merge": Access(SIGNED_IN, SIGNED_IN),
    "duplicates:merges": Access(SIGNED_IN, NO_POST),
    "duplicates:merged": Access(SEEN, SEEN_ONLY, on="merge"),
    "duplicates:unmerge": Access(OWNED, OWNED, on="merge"),
    # Records
    **room("leads"),
    **room("opportunities"),
    **room("accounts", edit=SEEN),
    **room("contacts", edit=SEEN),
    "leads:assign-by-rules": Access(OWNED, OWNED),
    "leads:assignment": Access(INBOX, INBOX_ONLY),
    "leads:assignment-create": Access(INBOX, INBOX),
    "leads:assignment-try": Access(INBOX, INBOX_ONLY),
    "leads:takers": Access(INBOX, INBOX_ONLY),
    "leads:availability": Access(INBOX, INBOX, on="taker"),
    "leads:assignment-edit": Access(INBOX, INBOX, on="assignment rule"),
    "leads:assignment-move": Access(INBOX_ONLY, INBOX, on="assignment rule"),
    "leads:assignment-switch": Access(INBOX_ONLY, INBOX, on="assignment rule"),
    "leads:assignment-delete": Access(INBOX, INBOX, on="assignment rule"),
    "leads:progress": Access(OWNED, OWNED),
    "leads:qualify": Access(OWNED, OWNED),
    "leads:bulk-qualify": Access(SIGNED_IN, SIGNED_IN),
    "leads:bulk-disqualify": Access(SIGNED_IN, SIGNED_IN),
    "leads:bulk-undo": Access(OF_MY_TEAM, OF_MY_TEAM, on="jobs"),
    "leads:disqualify": Access(OWNED, OWNED),
    "leads:reopen": Access(OWNED, OWNED, on="qualified lead"),
    "leads:undo": Access(OWNED, OWNED, on="qualified lead"),
    "leads:receipt": Access(SEEN, SEEN_ONLY, on="qualified lead"),
    "leads:scoring": Access(INBOX, INBOX_ONLY),
    "leads:scoring-create": Access(INBOX, INBOX),
    "leads:scoring-scale": Access(INBOX, INBOX),
    "leads:scoring-edit": Access(INBOX, INBOX, on="scoring rule"),
    "leads:scoring-delete": Access(INBOX, INBOX, on="scoring rule"),
    "leads:rules-home": Access(SIGNED_IN, NO_POST),
    "leads:rules": Access(INBOX, INBOX_ONLY),
    "leads:rules-preview": Access(INBOX, INBOX_ONLY),
    "leads:automation": Access(INBOX, INBOX),
    "leads:automation-run": Access(INBOX_ONLY, INBOX),
    "leads:rules-version": Access(INBOX, INBOX_ONLY),
    "leads:rules-draft": Access(INBOX_ONLY, INBOX),
    "leads:rules-threshold": Access(INBOX, INBOX),
    "leads:rules-activate": Access(INBOX, INBOX),
    "leads:rules-discard": Access(INBOX_ONLY, INBOX),
    "leads:rule-add": Access(INBOX, INBOX),
    "leads:rule-edit": Access(INBOX, INBOX),
    "leads:rule-move": Access(INBOX_ONLY, INBOX),
    "leads:rule-switch": Access(INBOX_ONLY, INBOX),
    "leads:rule-remove": Access(INBOX_ONLY, INBOX),
    "opportunities:board": Access(SIGNED_IN, NO_POST),
    "opportunities:stage": Access(OWNED, OWNED),
    "opportunities:process": Access(OWNED, OWNED),
    "opportunities:stage-back": Access(OWNED, OWNED),
    "opportunities:tick": Access(OWNED_ONLY_POST, OWNED),
    "opportunities:win": Access(OWNED, OWNED),
    "opportunities:lose": Access(OWNED, OWNED),
    "opportunities:reopen": Access(OWNED, OWNED, on="won opportunity"),
    "opportunities:hold": Access(OWNED, OWNED),
    "opportunities:resume": Access(OWNED, OWNED),
    "opportunities:lines": Access(OWNED, OWNED),
    "opportunities:stakeholder-add": Access(OWNED, OWNED),
    "opportunities:stakeholder-remove": Access(OWNED, OWNED),
    "emails:create": Access(SEEN, SEEN),
    "emails:again": Access(OWNED, OWNED, on="failed email"),
    "emails:invite": Access(OWNED, OWNED, on="meeting"),
    "emails:list": Access(SIGNED_IN, NO_POST),
    "emails:template-create": Access(SIGNED_IN, SIGNED_IN),
    "emails:template-edit": Access(OF_MY_TEAM_TO_SHAPE, OF_MY_TEAM_TO_SHAPE, on="template"),
    "emails:template-delete": Access(OF_MY_TEAM_TO_SHAPE, OF_MY_TEAM_TO_SHAPE, on="template"),
    "activities:list": Access(SIGNED_IN, SIGNED_IN),
    "activities:create": Access(SEEN, SEEN),
    "activities:detail": Access(SEEN, SEEN_ONLY),
    "activities:edit": Access(OWNED, OWNED),
    "activities:complete": Access(OWNED, OWNED),
    "activities:reopen": Access(OWNED, OWNED),
    "activities:snooze": Access(OWNED, OWNED),
    # Whoever has the address of a calendar signs in nowhere; `tests/activities/test_calendar.py`
    "activities:calendar": Access(row(*[NOT_FOUND] * 6), row(*[NOT_ALLOWED] * 6)),
    "activities:pin": Access(OWNED, OWNED),
    "activities:delete": Access(OWNED, OWNED),
    "activities:restore": Access(OWNED, OWNED, on="binned activities"),
    "activities:people": Access(SIGNED_IN, NO_POST),
    "activities:file": Access(SEEN, SEEN_ONLY, on="file"),
    "activities:file-preview": Access(SEEN, SEEN_ONLY, on="file"),
    "activities:file-delete": Access(OWNED, OWNED, on="file"),
    "activities:file-restore": Access(OWNED, OWNED, on="file"),
    # The API
    "api-schema": Access(API_LIST, API_NO),
    "api-docs": Access(SIGNED_IN, NO_POST),
    "tags-list": Access(API_LIST, API_NO),
    "tags-detail": Access(API_SEEN, API_NO),
    "dashboards-list": Access(API_LIST, API_LIST),
    "dashboards-detail": Access(
        API_OF_MY_TEAM, API_NO, API_OF_MY_TEAM_TO_SHAPE, API_OF_MY_TEAM_TO_SHAPE, on="dashboard"
    ),
    "targets-list": Access(API_LIST, API_RULES),
    "targets-detail": Access(API_SEEN, API_NO, API_RULES, API_RULES, on="target"),
    "reports-overview": Access(API_LIST, API_NO),
    "reports-breakdown": Access(API_LIST, API_NO),
    "reports-report": Access(API_LIST, API_NO),
    "api-not-found": Access(row(*[NOT_FOUND] * 6), row(*[NOT_FOUND] * 6)),
    **{f"leads-{name}": access for name, access in api_records(topic="More").items()},
    **{f"opportunities-{name}": access for name, access in api_records(topic="More").items()},
    **{f"activities-{name}": access for name, access in api_records(subject="More").items()},
    **{
        f"{kind}-files": Access(API_SEEN, API_SEEN)
        for kind in ("leads", "accounts", "contacts", "opportunities")
    },
    "activities-files": Access(API_SEEN, API_SEEN),
    "files-list": Access(row(NO_TOKEN, *[NOT_FOUND] * 5), API_NO),
    "files-detail": Access(API_SEEN, API_NO, delete=API_OWNED, on="file"),
    "files-content": Access(API_SEEN, API_NO, on="file"),
    **{f"accounts-{name}": access for name, access in api_records(API_SEEN).items()},
    **{f"contacts-{name}": access for name, access in api_records(API_SEEN).items()},
    **{
        f"{kinds}-emails": Access(API_SEEN, API_SEEN, body=AN_EMAIL)
        for kinds in ("leads", "accounts", "contacts", "opportunities")
    },
    "email-templates-list": Access(API_LIST, API_NO),
    "email-templates-detail": Access(
        row(NO_TOKEN, DONE, DONE, DONE, NOT_FOUND, NOT_FOUND), API_NO, on="template"
    ),
    "assignment-rules-list": Access(API_RULES, API_RULES),
    "assignment-rules-detail": Access(
        API_RULES, API_NO, API_RULES, API_RULES, on="assignment rule"
    ),
    "intake-doors-list": Access(API_FOR_ALL, API_FOR_ALL),
    "intake-doors-detail": Access(API_FOR_ALL, API_NO, API_FOR_ALL, API_FOR_ALL),
    "intake-doors-add-key": Access(API_NO, API_FOR_ALL, on="intake-doors"),
    "intake-doors-drop-old-keys": Access(API_NO, API_FOR_ALL, on="intake-doors"),
    "webhooks-list": Access(API_FOR_ALL, API_FOR_ALL),
    "webhooks-detail": Access(API_FOR_ALL, API_NO, API_FOR_ALL, API_FOR_ALL),
    "webhooks-ping": Access(API_NO, API_FOR_ALL, on="webhooks"),
    "webhooks-rotate-secret": Access(API_NO, API_FOR_ALL, on="webhooks"),
    "webhooks-messages": Access(API_FOR_ALL, API_NO, on="webhooks"),
    "imports-list": Access(API_LIST, API_LIST),
    "imports-detail": Access(API_MINE, API_NO, API_MINE, API_MINE, on="import"),
    **{
        f"imports-{work}": Access(API_NO, API_MINE, on="import")
        for work in ("check", "run", "revert")
    },
    "imports-rows": Access(API_MINE, API_NO, on="import"),
    "imports-rejected": Access(API_MINE, API_NO, on="import"),
    "web-forms-list": Access(API_FOR_ALL, API_FOR_ALL),
    "web-forms-detail": Access(API_FOR_ALL, API_NO, API_FOR_ALL, API_FOR_ALL),
    "web-forms-snippet": Access(API_FOR_ALL, API_NO),
    "web-forms-renew-snippet": Access(API_NO, API_FOR_ALL, on="web-forms"),
    "custom-fields-list": Access(API_LIST, API_FOR_ALL),
    "custom-fields-detail": Access(API_LIST, API_NO, API_FOR_ALL, API_FOR_ALL),
    "jobs-list": Access(API_LIST, API_NO),
    "jobs-detail": Access(row(NO_TOKEN, DONE, NOT_FOUND, DONE, NOT_FOUND, DONE), API_NO),
    "scoring-rules-list": Access(API_RULES, API_RULES),
    "scoring-rules-detail": Access(API_RULES, API_NO, API_RULES, API_RULES, on="scoring rule"),
    "scoring-rules-scale": Access(API_RULES, API_NO, API_RULES),
    "qualification-rules-list": Access(API_RULES, API_RULES),
    "qualification-rules-detail": Access(API_RULES, API_NO, API_RULES, API_RULES),
    "qualification-rules-backtest": Access(API_RULES, API_NO),
    "qualification-rules-activate": Access(API_NO, API_RULES),
    **{f"{kind}-merge": Access(API_NO, API_LIST) for kind in ("accounts", "contacts", "leads")},
    "duplicates-list": Access(API_LIST, API_NO),
    "duplicates-detail": Access(API_SEEN, API_NO, on="pair"),
    "duplicates-dismiss": Access(API_NO, API_OWNED, on="pair"),
    "duplicates-restore": Access(API_NO, API_OWNED, on="pair"),
    "merges-list": Access(API_LIST, API_NO),
    "merges-detail": Access(API_SEEN, API_NO, on="merge"),
    "merges-undo": Access(API_NO, API_OWNED, on="merge"),
    "leads-assign": Access(API_NO, API_OWNED, body={"owner": "rep@crm.example"}),
    "leads-bulk-qualify": Access(API_NO, API_LIST),
    "leads-bulk-qualification": Access(API_NO, API_LIST),
    "leads-bulk-disqualify": Access(API_NO, API_LIST),
    "leads-bulk-undo": Access(API_NO, API_LIST),
    "leads-disqualify": Access(API_NO, API_OWNED, body={"reason": "no-need"}),
    "leads-qualification": Access(API_SEEN, API_SEEN),
    "leads-receipts": Access(API_SEEN, API_NO),
    "leads-score": Access(API_SEEN, API_NO),
    "leads-apart": Access(API_NO, API_OWNED),
    "leads-together": Access(API_NO, API_OWNED),
    "leads-qualify": Access(API_NO, API_OWNED),
    "leads-reopen": Access(API_NO, API_OWNED, on="qualified lead"),
    "leads-undo": Access(API_NO, API_OWNED, on="qualified lead"),
    "opportunities-hold": Access(API_NO, API_OWNED),
    "opportunities-resume": Access(API_NO, API_OWNED),
    "opportunities-win": Access(API_NO, API_OWNED),
    "opportunities-lose": Access(API_NO, API_OWNED, body={"reason": "price"}),
    "opportunities-reopen": Access(API_NO, API_OWNED, on="won opportunity"),
    "opportunities-stage": Access(API_NO, API_OWNED, body={"stage": "propose"}),
    "opportunities-process": Access(API_NO, API_OWNED, body={"process": "sales"}),
    **{
        f"{name}-{kind}": Access(API_LIST, API_NO)
        for name in (
            "users",
            "teams",
            "sources",
            "campaigns",
            "products",
            "processes",
            "stages",
            "competitors",
            "loss-reasons",
            "disqualify-reasons",
        )
        for kind in ("list", "detail")
    },
}

# What asks for no token of a form: a stranger has none, and no session is looked at.
STRANGERS = {"intake:form", "intake:door"}

# Sets of addresses that a library brings, each under one rule: by the beginning of their address.
LIBRARIES = {
    "admin/": "for staff only, page by page in tests/admin",
    "auth/": "sign-in, passwords and second factors, closed for sign-up",
}
