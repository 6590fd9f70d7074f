"""E-mail to workers, by SMTP."""
