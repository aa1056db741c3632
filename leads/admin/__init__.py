"""Leads in the administration; importing registers them."""

from leads.admin import leads

__all__ = ["leads"]
