"""Fakes and factories for tests, also those of plug-in authors; nothing of the product imports it."""
