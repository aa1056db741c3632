"""One day of a sales rep, step by step, for any hand: what is done, seen, and stored afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from activities.models import Activity, File
from leads.models import Lead
from opportunities.models import Opportunity
from records.models import Notice
from tests.catcher import Catcher
from tests.e2e.hands import Hand, Keyboard
from users.models import User
from workbench.models import SavedView

PASSWORD = "eight-green-pumps"


@dataclass
class Day:
    """The steps share a hand, who is at work, and what was planted for the day."""

    hand: Hand
    rep: User
    colleague: User
    lead: Lead
    catcher: Catcher
    brochure: Path

    @property
    def page(self) -> Page:
        return self.hand.page

    # What is seen

    def heading(self, name: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible()

    def message(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("region", name="Messages")).to_contain_text(words)

    def button(self, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name).first

    def link(self, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("link", name=name).first

    def part(self, name: str) -> None:
        """Turn to a part of a record that is a tab on a phone and a column on a desk."""
        if self.hand.is_on_phone:
            tabs = self.page.get_by_role("navigation", name="Parts of this page")
            self.hand.press(tabs.get_by_role("link", name=name))

    def room(self, keys: str, name: str) -> None:
        """Go to another room: by G and its letter, or by the navigation that is drawn."""
        bar = "Main, short" if self.hand.is_on_phone else "Main"
        nav = self.page.get_by_role("navigation", name=bar, exact=True)
        self.hand.shortcut(keys, nav.get_by_role("link", name=name).first)

    def compose(self, kind: str, keys: str = "") -> Locator:
        """Turn to a tab of the composer, by its key where it has one."""
        self.part("Timeline")
        tab = self.page.locator(f"#compose-{kind}")
        if keys:
            self.hand.shortcut(keys, tab)
        else:
            self.hand.press(tab)
        expect(tab).to_have_attribute("aria-current", "true")
        return self.page.locator("#composer")

    # The morning

    def come_in(self) -> None:
        self.page.goto("/")
        self.hand.write(self.page.get_by_label("Email"), self.rep.email)
        self.hand.write(self.page.get_by_label("Password", exact=True), PASSWORD)
        self.hand.press(self.button("Log in"))
        self.heading("My day")

    def do_what_is_late(self) -> None:
        late = self.page.get_by_role("region", name="Late")
        self.hand.press(self.button("Complete: Send the catalogue", late))
        if self.hand.has_scripts:
            form = late.get_by_role("form", name="What next?")
            self.hand.write(form.get_by_label("What is to be done"), "Ask what they think")
            self.hand.press(self.button("Add task", form))
        else:
            self.message("Send the catalogue is done. What next?")
            self.hand.write(self.page.get_by_label("What is to be done"), "Ask what they think")
            self.hand.press(self.button("What next?"))
        self.heading("My day")
        expect(self.page.get_by_role("region", name="Late")).to_contain_text("Nothing late")

        assert Activity.objects.get(subject="Send the catalogue").status == "done"
        assert Activity.objects.get(subject="Ask what they think").is_open

    def look_at_what_is_new(self) -> None:
        new = self.page.get_by_role("region", name="New to me")
        self.hand.press(self.link("Saskia Vandermeer", new))
        self.heading("Saskia Vandermeer")

    # One lead

    def log_a_call(self) -> None:
        composer = self.compose("call", "l")
        self.hand.choose(composer.get_by_label("Outcome"), "Left a message")
        self.hand.write(composer.get_by_label("What was said"), "Back on Monday")
        self.hand.write(composer.get_by_label("What next?"), "Call again")
        self.hand.press(self.button("Log call", composer))
        timeline = self.page.get_by_role("region", name="Timeline")
        expect(timeline).to_contain_text("Back on Monday")
        expect(timeline).to_contain_text("Call again")

        call = Activity.objects.get(kind="call")
        assert (call.outcome, call.text) == ("left_message", "Back on Monday")
        assert Lead.objects.get(pk=self.lead.pk).next_step == "Call again"

    def mention_a_colleague(self) -> None:
        composer = self.compose("note")
        field = composer.get_by_label("Note", exact=True)
        if self.hand.has_scripts:
            self.hand.write(field, "")
            self.page.keyboard.type("Please look, @Rep2")
            people = self.page.get_by_role("listbox", name="Colleagues")
            option = people.get_by_role("option", name=re.compile(str(self.colleague)))
            expect(option).to_be_visible()
            if self.hand.is_on_phone:
                option.tap()
            else:
                self.page.keyboard.press("Enter")
            expect(people).to_be_hidden()
        else:
            self.hand.write(field, f"Please look, @{self.colleague}")
        self.hand.press(self.button("Add note", composer))
        expect(self.page.get_by_role("region", name="Timeline")).to_contain_text("Please look")

        notice = Notice.objects.get(whom=self.colleague, what="mentioned")
        assert notice.record_id == self.lead.pk

    def send_an_email(self) -> None:
        self.compose("email", "Escape Shift+E")
        if not self.hand.has_scripts:
            self.hand.press(self.link("Write an email"))
        self.hand.choose(self.page.get_by_label("Template"), "Thanks")
        if not self.hand.has_scripts:
            self.hand.press(self.button("Use template"))
        expect(self.page.get_by_label("Subject")).to_have_value(self.lead.topic)
        self.hand.press(self.button("Send email"))
        expect(self.page.get_by_text(f"Email: {self.lead.topic}")).to_be_visible()

        [letter] = [each for each in self.catcher.caught if self.lead.email in each.recipients]
        assert letter.message["Subject"] == self.lead.topic
        assert "Dear Saskia," in letter.message.get_body(("plain",)).get_content()

    def upload_a_file(self) -> None:
        composer = self.compose("file")
        field = composer.locator("#compose-files")
        if self.hand.is_on_phone:  # there the field lies under its label
            field = composer.locator("label[for=compose-files]")
        self.hand.bring(field, self.brochure)
        self.hand.press(self.button("Add file", composer))
        expect(self.link(self.brochure.name)).to_be_visible()

        assert File.objects.get().name == self.brochure.name

    def edit_a_field(self) -> None:
        self.part("Details")
        if self.hand.is_on_phone:
            expect(self.page.get_by_role("region", name="Details")).to_be_visible()
        self.hand.press(self.link("Add job title"))
        self.hand.write(self.page.get_by_role("textbox", name="Job title"), "Head of mills")
        self.hand.press(self.button(re.compile("^Save")))
        expect(self.page.locator("#record-head")).to_contain_text("Head of mills")

        assert Lead.objects.get(pk=self.lead.pk).job_title == "Head of mills"

    # Many leads

    def filter_and_keep_the_view(self) -> None:
        self.room("g l", "Leads")
        self.heading("Leads")
        self.hand.write(self.page.get_by_label("Filter leads"), "ravenna")
        if not self.hand.has_scripts:
            self.hand.press(self.button("Filter"))
        expect(self.page.locator("[data-row-href]")).to_have_count(3)
        self.hand.press(self.link("New view"))
        self.hand.write(self.page.get_by_label("Name"), "Ravenna")
        self.hand.press(self.button("Save view"))
        self.heading("Leads")
        expect(self.page.locator(".c-views [aria-current]")).to_contain_text("Ravenna")

        view = SavedView.objects.get(name="Ravenna")
        assert (view.owner, view.audience) == (self.rep, "private")

    def change_several(self) -> None:
        boxes = self.page.get_by_role("checkbox", name=re.compile("^Select .*Ravenna"))
        if self.hand.is_on_phone:
            self.hand.press(self.button("Select"))
        for number in range(3):
            self.hand.tick(boxes.nth(number))
        bar = self.page.get_by_role("toolbar", name="Selected leads")
        self.hand.shortcut("s", self.button("Status", bar))
        self.hand.tick(self.page.get_by_role("radio", name="Working"))
        if not self.hand.has_scripts:
            self.hand.press(self.button("Update preview"))
        self.hand.press(self.button("Set the status of 3 leads"))
        self.message("3 leads marked as Working.")

        assert Lead.objects.filter(progress="working", last_name__startswith="Ravenna").count() == 3

    def search(self) -> None:
        field = self.page.get_by_role("searchbox", name="Search all records")
        if not self.hand.has_scripts:
            self.hand.write(field, "vandermeer")
            field.press("Enter")  # the field's own form
            self.heading("Search")
            self.hand.press(self.link("Saskia Vandermeer"))
        else:
            self.hand.shortcut("Control+k", field)
            palette = self.page.get_by_role("dialog", name="Search and commands")
            expect(palette.get_by_role("combobox")).to_be_focused()
            self.page.keyboard.type("vandremeer")  # a slip is forgiven
            option = palette.get_by_role("option").first
            expect(option).to_contain_text("Saskia Vandermeer")
            if self.hand.is_on_phone:
                option.tap()
            else:
                self.page.keyboard.press("Enter")
        self.heading("Saskia Vandermeer")

    # From the lead to the sale

    def qualify(self) -> None:
        commands = self.page.get_by_role("group", name="Commands")
        self.hand.shortcut("q", self.link(re.compile("^Qualify"), commands))
        effects = self.page.get_by_role("complementary", name="What will happen")
        expect(effects).to_contain_text("Vandermeer Weaving")
        self.hand.press(self.button("Qualify lead"))
        self.heading("Quiet looms")
        self.message("is qualified")

        assert Lead.objects.get(pk=self.lead.pk).status == "qualified"
        assert Opportunity.objects.get().stage.key == "develop"

    def move_it_on(self) -> None:
        self.room("g o", "Opportunities")
        self.heading("Opportunities")
        title = self.link("Quiet looms")
        propose = self.page.get_by_role("region", name="Propose")
        card = self.page.get_by_role("listitem").filter(has=title)
        if isinstance(self.hand, Keyboard):
            self.hand.reach(title)
            self.hand.keys("Shift+ArrowRight")
            expect(title).to_be_focused()
        else:
            self.hand.press(card.locator("summary"))
            self.hand.press(self.button("Move to Propose", card))
        if not self.hand.has_scripts:
            self.heading("Opportunities")
        if self.hand.is_on_phone:
            stages = self.page.get_by_role("navigation", name="Stage")
            self.hand.press(stages.get_by_role("link", name="Propose 1"))
        expect(propose).to_contain_text("Quiet looms")
        self.message("is in Propose")

        assert Opportunity.objects.get().stage.key == "propose"

    def win(self) -> None:
        self.hand.press(self.link("Quiet looms"))
        self.heading("Quiet looms")
        commands = self.page.get_by_role("group", name="Commands")
        self.hand.press(self.link("Won", commands))
        self.hand.write(self.page.get_by_label(re.compile("Actual value")), "11,500")
        self.hand.press(self.button("Close as won"))
        self.message("is won")

        deal = Opportunity.objects.get()
        assert (deal.status, deal.actual_value) == ("won", 11_500)

    # The evening

    def read_the_news(self) -> None:
        bell = self.page.locator("[data-bell]")
        expect(bell.locator("summary")).to_have_accessible_name("1 unread notification")
        self.hand.press(bell.locator("summary"))
        if not self.hand.has_scripts:
            self.hand.press(bell.get_by_role("link", name="All notifications"))
            self.heading("Notifications")
        told = (bell if self.hand.has_scripts else self.page.get_by_role("main")).locator("li")
        expect(told.filter(has_text="was assigned to you")).to_have_count(1)
        self.hand.press(told.get_by_role("button", name=re.compile("^Mark as read")))
        if self.hand.has_scripts:
            expect(bell.locator("summary")).to_have_accessible_name("Notifications")
            expect(bell.get_by_role("button", name=re.compile("^Mark as unread"))).to_be_focused()
        else:
            self.heading("Notifications")

        assert Notice.objects.get(whom=self.rep).is_read

    def say_what_one_prefers(self) -> None:
        if self.hand.has_scripts:
            self.page.keyboard.press("Escape")  # the bell
        self.hand.press(self.page.locator("summary.c-user"))
        self.hand.press(self.link("Profile and preferences"))
        self.heading("Profile and preferences")
        self.hand.tick(self.page.get_by_role("radio", name="Dark"))
        self.hand.tick(self.page.get_by_role("radio", name="Compact"))
        self.hand.press(self.button("Save profile"))
        expect(self.page.locator("html")).to_have_attribute("data-theme", "dark")

        self.rep.refresh_from_db()
        assert (self.rep.theme, self.rep.density) == ("dark", "compact")

    def go_home(self) -> None:
        self.hand.press(self.page.locator("summary.c-user"))
        self.hand.press(self.button("Log out"))
        self.heading("Log in")
        self.page.goto("/leads/")  # there is no way back in
        expect(self.page).to_have_url(re.compile("/login/"))
        self.heading("Log in")
