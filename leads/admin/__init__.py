"""Leads in the administration; importing registers them."""

from leads.admin import leads, rules

__all__ = ["leads", "rules"]
