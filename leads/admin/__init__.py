"""Leads in the administration; importing registers them."""

from leads.admin import assignment, leads, rules

__all__ = ["assignment", "leads", "rules"]
