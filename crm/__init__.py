"""The roof: settings, addresses, the admin site. It imports every room; no room imports it."""
