"""Inbox, outbox, options, SMS."""
