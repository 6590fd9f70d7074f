"""Inbox, outbox and conversations: no message is lost, none is sent twice."""
