"""Leads: somebody who showed interest, and how he is qualified, disqualified and reopened."""
