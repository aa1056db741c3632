"""Leads in the administration; importing registers them."""

from leads.admin import assignment, leads, mapping, rules

__all__ = ["assignment", "leads", "mapping", "rules"]
